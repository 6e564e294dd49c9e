"""What a role needs to launch, change and delete the stacks of a template: derived from its resource types.

The actions are those that CloudFormation's own resource schemas list for their handlers (bundled with cfn-lint);
``permissions.toml`` says on which resources, and which actions belong to properties that a template may not use.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from cfgen import document
from cfgen.publish import names
from cfgen.publish.errors import UnknownPermissions
from cfgen.publish.lookups import lookups

NO_RESOURCE = "these actions know no resources, or are asked of all"
EC2_RESOURCE = "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"
KEYS = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"
PRIVATE_NAMES = (
    "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/*",
    "arn:${AWS::Partition}:route53:::hostedzone/*",
)
"""A network, and the hosted zone of AWS's own in which the private names of its endpoints stand."""
BOUNDED = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""Actions that can be tied to a permissions boundary ("Permissions boundaries for IAM entities")."""
ASKED_OF_ALL = frozenset({"cloudwatch:GetMetricData"})
"""Actions whose resource (a dataset) is optional: asked without one they match ``*`` alone."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One statement of a policy. ``resources``: patterns with pseudo parameters, for Sub; ``why``: of a ``*``."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str, str], ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What permissions.toml says of a type."""

    on: tuple[str, ...] = ()
    name: str = ""
    generated: tuple[str, ...] = (names.STACK,)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    never: frozenset[str] = frozenset()
    actions: tuple[str, ...] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    linked: str = ""
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@functools.cache
def rules() -> dict[str, Rule]:
    """Type → rule."""
    text = (files("cfgen.publish") / "permissions.toml").read_text(encoding="utf-8")
    return {
        kind: Rule(
            tuple(row.get("on", ())),
            row.get("name", ""),
            tuple(row.get("generated", (names.STACK,))),
            {name: tuple(actions) for name, actions in row.get("with", {}).items()},
            frozenset(row.get("never", ())),
            tuple(row["actions"]) if "actions" in row else None,
            dict(row.get("roles", {})),
            row.get("linked", ""),
            {name: tuple(actions) for name, actions in row.get("also", {}).items()},
        )
        for kind, row in tomllib.loads(text).items()
    }


@functools.cache
def _schemas() -> dict[str, str]:
    import cfnlint  # type: ignore[import-untyped, unused-ignore]

    found: dict[str, str] = json.loads(
        (files(cfnlint) / "data" / "schemas" / "providers" / "us-east-1.json").read_text(encoding="utf-8")
    )
    return found


@functools.cache
def handled(kind: str) -> frozenset[str]:
    """The actions that the schema of a type lists for creating, reading, changing and deleting one."""
    import cfnlint  # type: ignore[import-untyped, unused-ignore]

    if kind not in _schemas():
        return frozenset()
    folder = files(cfnlint) / "data" / "schemas" / "resources"
    schema = json.loads((folder / f"{_schemas()[kind]}.json").read_text(encoding="utf-8"))
    handlers = schema.get("handlers") or {}
    return frozenset(
        action
        for name in ("create", "read", "update", "delete")
        for action in handlers.get(name, {}).get("permissions", ())
    )


@functools.cache
def _reference() -> dict[str, Any]:
    import cfnlint  # type: ignore[import-untyped, unused-ignore]

    path = files(cfnlint) / "data" / "AdditionalSpecs" / "Policies.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def exists(action: str) -> bool:
    """Whether the service reference knows an action: some schemas list operations that are no actions."""
    service, _, name = action.partition(":")
    return name.lower() in _reference().get(service, {}).get("Actions", {})


def takes_resources(action: str) -> bool:
    """Whether the service reference lists resource types for an action; else only ``*`` matches."""
    if action in ASKED_OF_ALL:
        return False
    service, _, name = action.partition(":")
    found = _reference().get(service, {}).get("Actions", {}).get(name.lower())
    return found is None or bool(found.get("Resources"))


def actions_of(kind: str, properties: Iterable[str]) -> frozenset[str]:
    """What the handlers of a type need for these properties, PassRole apart. Raises UnknownPermissions.

    ``properties``: names; and ``NAME=VALUE``, where a value of its own needs more.
    """
    if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
        return frozenset({"lambda:InvokeFunction"})
    rule = rules().get(kind, Rule())
    listed = frozenset(rule.actions) if rule.actions is not None else handled(kind)
    if not listed and rule.actions is None:
        raise UnknownPermissions(
            f"{kind}: its schema lists no permissions, so no launch role can be derived",
            hint="--launch-role-arn ARN of a role of your own",
        )
    properties = tuple(properties)
    listed |= {action for name in properties for action in rule.also.get(name, ())}
    used = {action for name in properties for action in rule.needs.get(name, ())}
    unused = {action for actions in rule.needs.values() for action in actions} - used
    passed = {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    return frozenset(filter(exists, listed - unused - rule.never - passed))


class Derivation:
    """Collects the grants of one template."""

    def __init__(self, template: Mapping[str, Any], boundary: str = "") -> None:
        self._template, self._boundary = template, boundary
        self._actions: dict[tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]], set[str]] = {}
        self._titles: dict[tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]], str] = {}
        self._roles = _made(template, "AWS::IAM::Role", "RoleName", "role")
        self._policies = _made(template, "AWS::IAM::ManagedPolicy", "ManagedPolicyName", "policy")

    def grants(self) -> tuple[Grant, ...]:
        """All grants, in the order of their names."""
        for logical, body in document.resources(self._template).items():
            self._take(logical, body)
        for action, resource in lookups(self._template):
            self._actions.setdefault(((resource,), ()), set()).add(action)
            self._titles.setdefault(((resource,), ()), "LookUp" + _camel(action.partition(":")[0]))
        found = []
        for (resources, condition), actions in self._actions.items():
            why = NO_RESOURCE if resources == ("*",) else ""
            title = self._titles.get((resources, condition), "")
            sid = _sid(resources, condition, actions, title)
            found.append(Grant(sid, tuple(sorted(actions)), resources, condition, why))
        return unique(sorted(found))

    def _take(self, logical: str, body: Mapping[str, Any]) -> None:
        kind, properties = str(body.get("Type")), dict(body.get("Properties") or {})
        rule = rules().get(kind, Rule())
        named = names.patterns(
            properties.get(rule.name) if rule.name else None,
            [one.replace("{logical}", logical) for one in rule.generated],
        )
        own = self._on(kind, rule, named)
        for action in sorted(actions_of(kind, [*properties, *(f"{k}={v}" for k, v in properties.items())])):
            # a role that must have a boundary must not lose it
            if not (self._boundary and action == "iam:DeleteRolePermissionsBoundary"):
                self._add(action, own, kind)
        for name, service in rule.roles.items():
            if given := self._passed(properties.get(name)):
                self._actions.setdefault(
                    (given, (("StringEquals", "iam:PassedToService", service),)), set()
                ).add("iam:PassRole")
        if rule.linked:
            arn = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/aws-service-role/{rule.linked}/*"
            condition = (("StringEquals", "iam:AWSServiceName", rule.linked),)
            self._actions.setdefault(((arn,), condition), set()).add("iam:CreateServiceLinkedRole")

    def _on(self, kind: str, rule: Rule, named: tuple[str, ...]) -> tuple[str, ...]:
        if kind.startswith("Custom::"):
            return ("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:SC-*",)
        if rule.on == ("{roles}",):
            return self._roles
        if rule.on == ("{policies}",):
            return self._policies
        if not rule.on:
            return (EC2_RESOURCE,) if kind.startswith("AWS::EC2::") else ("*",)
        if kind.startswith("AWS::SageMaker::"):
            # SageMaker writes names into ARNs in lower case
            named = (*named, *(re.sub(r"(\$\{[^}]*\})|[A-Z]", _lower, name) for name in named))
        return _widest(one.replace("{name}", name) for one in rule.on for name in named)

    def _add(self, action: str, own: tuple[str, ...], kind: str) -> None:
        service = action.partition(":")[0]
        condition: tuple[tuple[str, str, str], ...] = ()
        if not takes_resources(action):
            resources: tuple[str, ...] = ("*",)
        elif service == "kms":
            resources = (KEYS,)
        elif service == "route53":
            resources = PRIVATE_NAMES
        elif of_service := tuple(one for one in own if f":{service}:" in one or one == "*"):
            resources = of_service
        elif service == "iam":
            resources = self._roles
        else:
            resources = (f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:*",)
        if self._boundary and action in BOUNDED:
            condition = (("StringEquals", "iam:PermissionsBoundary", self._boundary),)
        if action == "kms:CreateGrant":
            # for services that use the key on the caller's behalf, never for the caller
            condition = (("Bool", "kms:GrantIsForAWSResource", "true"),)
        self._actions.setdefault((resources, condition), set()).add(action)
        self._titles.setdefault((resources, condition), "".join(kind.split("::")[1:]))

    def _passed(self, value: Any) -> tuple[str, ...]:
        """The roles that a property can hand over: those of the stack, and one that the template names by itself.

        A role that a launcher types in is not among them: through the launch role it could be anyone's.
        """
        found: set[str] = set()
        _walk_roles(value, self._template, self._roles, found)
        return tuple(sorted(found))


def _lower(match: re.Match[str]) -> str:
    """A letter in lower case; a pseudo parameter as it is."""
    return match[1] or match[0].lower()


def _widest(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns that no other one covers."""
    found = sorted(set(patterns))
    return tuple(
        one for one in found if not any(one != other and fnmatch.fnmatchcase(one, other) for other in found)
    )


def _walk_roles(value: Any, template: Mapping[str, Any], own: tuple[str, ...], found: set[str]) -> None:
    if isinstance(value, str):
        if value.startswith("arn:") and ":role/" in value:
            found.add(value)
    elif isinstance(value, Mapping):
        for function, given in value.items():
            name = given if isinstance(given, str) else given[0] if isinstance(given, list) and given else ""
            if function == "Fn::GetAtt":
                found.update(own)
            elif function == "Ref":
                default = document.section(template, "Parameters").get(str(name), {}).get("Default")
                _walk_roles(default, template, own, found)
            else:
                _walk_roles(given, template, own, found)
    elif isinstance(value, list):
        for one in value:
            _walk_roles(one, template, own, found)


def _made(template: Mapping[str, Any], kind: str, naming: str, word: str) -> tuple[str, ...]:
    """ARN patterns of the roles (or policies: ``word``) that the template makes; ``naming``: what names one."""
    found = set()
    for body in document.resources(template, kind).values():
        properties = body.get("Properties") or {}
        for path in names.patterns(properties.get("Path"), ["/"]):
            for name in names.patterns(properties.get(naming), [names.STACK]):
                found.add(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{word}{path}{name}")
    return tuple(sorted(found))


def grants_of(template: Mapping[str, Any], boundary: str = "") -> tuple[Grant, ...]:
    """What launching, updating and deleting stacks of ``template`` takes, without CloudFormation's own actions.

    ``boundary``: ARN without which no role may be made. Raises UnknownPermissions.
    """
    return Derivation(template, boundary).grants()


_KINDS = {
    "s3": "Buckets",
    "lambda": "Functions",
    "iam": "Roles",
    "ec2": "Network",
    "kms": "Keys",
    "logs": "Logs",
}


def _sid(
    resources: tuple[str, ...], condition: tuple[tuple[str, str, str], ...], actions: set[str], title: str
) -> str:
    if actions == {"iam:PassRole"}:
        return "Pass" + _camel(condition[0][2].split(".")[0])
    if actions == {"iam:CreateServiceLinkedRole"}:
        return "ServiceLinkedRole"
    if resources == ("*",):
        return "NoResource"
    parts = re.sub(r"\$\{[^}]*\}", "", resources[0]).split(":", 5)
    if parts[2] == "iam" and parts[5].startswith("policy/"):
        return "Policies"
    if actions == {"kms:CreateGrant"}:
        return "KeyGrants"
    if resources == PRIVATE_NAMES:
        return "PrivateNames"
    if parts[2] in _KINDS:
        return _KINDS[parts[2]] + ("Bounded" if condition else "")
    return re.sub("[^A-Za-z0-9]", "", title)


def _camel(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in text.split("-"))


def unique(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Grants whose Sids differ: a number is added where two would be alike."""
    seen: dict[str, int] = {}
    found = []
    for one in grants:
        seen[one.sid] = seen.get(one.sid, 0) + 1
        sid = one.sid if seen[one.sid] == 1 else f"{one.sid}{seen[one.sid]}"
        found.append(Grant(sid, one.actions, one.resources, one.condition, one.why))
    return tuple(found)


def rebound(grants: Iterable[Grant], boundary: str) -> tuple[Grant, ...]:
    """Grants of before, with the boundary that holds now in place of the one that held then."""
    condition = (("StringEquals", "iam:PermissionsBoundary", boundary),) if boundary else ()
    found = []
    for one in grants:
        bounded = tuple(action for action in one.actions if action in BOUNDED)
        dropped = {*bounded, "iam:DeleteRolePermissionsBoundary"} if boundary else set(bounded)
        rest = tuple(action for action in one.actions if action not in dropped)
        was = any(key == "iam:PermissionsBoundary" for _, key, _ in one.condition)
        if bounded:
            found.append(Grant("RolesBounded" if boundary else "Roles", bounded, one.resources, condition))
        if rest:
            found.append(Grant(one.sid, rest, one.resources, () if was else one.condition, one.why))
    return tuple(found)


def joined(many: Iterable[tuple[Grant, ...]]) -> tuple[Grant, ...]:
    """The grants of several templates as one set: what has the same resources and conditions is one statement."""
    actions: dict[tuple[Any, ...], set[str]] = {}
    for grants in many:
        for one in grants:
            key = (one.sid.rstrip("0123456789"), one.resources, one.condition, one.why)
            actions.setdefault(key, set()).update(one.actions)
    return unique(
        sorted(Grant(sid, tuple(sorted(found)), on, condition, why)
               for (sid, on, condition, why), found in actions.items())
    )  # fmt: skip
