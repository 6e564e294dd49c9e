"""A change set as a person reads it: what is added, changed, replaced or deleted, and what that means.

"Interrupted" is about the endpoint: a new endpoint configuration is taken over without a gap (blue/green; "Update
models in production"), a replaced endpoint is gone under its name until the new one is up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cfgen.deploy.errors import ChangeSetFailed
from cfgen.deploy.session import aws_errors
from cfgen.document import ENDPOINT, descriptions, resources

ACTIONS = {
    "add": "added",
    "modify": "modified",
    "replace": "replaced",
    "may replace": "perhaps replaced",
    "delete": "deleted",
    "let go": "let go",
    "import": "imported",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One resource of a change set. ``let go``: leaves the stack and stays in the account."""

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    description: str = ""
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """An IAM resource the change set makes or changes: who may use it, and for what."""

    logical_id: str
    type: str
    action: str
    trusts: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that waits to be executed."""

    id: str
    stack_id: str
    stack_name: str
    changes: tuple[Change, ...]
    grants: tuple[Grant, ...] = ()

    @property
    def interruption(self) -> str:
        """What happens to a running endpoint: one of ``none``, ``no``, ``yes``, ``perhaps``."""
        touched = [change for change in self.changes if change.type == ENDPOINT and change.action != "add"]
        if any(change.action in {"replace", "delete"} for change in touched):
            return "yes"
        if any(change.action == "may replace" for change in touched):
            return "perhaps"
        return "no" if touched else "none"

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "changeSet": self.id,
            "changes": [asdict(change) for change in self.changes],
            "iam": [asdict(grant) for grant in self.grants],
            "endpointInterrupted": self.interruption,
        }


def read(
    client: Any, change_set_id: str, template: Mapping[str, Any], compared: Mapping[str, str] | None = None
) -> ChangeSet:
    """Describe a change set, all pages of it. Raises ChangeSetFailed when it cannot be executed.

    ``compared`` (logical id → action) is what a comparison of the templates says, where CloudFormation says "perhaps".
    """
    answers: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    with aws_errors("describe the change set"):
        while True:
            answers.append(client.describe_change_set(ChangeSetName=change_set_id, **token))
            if not answers[-1].get("NextToken"):
                break
            token = {"NextToken": answers[-1]["NextToken"]}
    head = answers[0]
    if head.get("Status") == "FAILED":
        raise ChangeSetFailed(f"CloudFormation could not make the change set: {head.get('StatusReason', '')}")
    raw = [
        change["ResourceChange"]
        for answer in answers
        for change in answer.get("Changes", ())
        if "ResourceChange" in change
    ]
    changes = understand(raw, descriptions(template), compared)
    return ChangeSet(
        head.get("ChangeSetId", change_set_id),
        head["StackId"],
        head["StackName"],
        changes,
        grants(changes, template),
    )


def understand(
    raw: Sequence[Mapping[str, Any]], named: Mapping[str, str], compared: Mapping[str, str] | None = None
) -> tuple[Change, ...]:
    """API changes → Changes, with "Conditional" settled where the change set itself tells.

    A property that takes an attribute of another resource is reported as *conditionally* replacing; when that other
    resource is replaced, the attribute does change, and so on down the chain (Model → EndpointConfig). For what is
    still open the comparison of the templates answers, if there is one.
    """
    replaced = {one["LogicalResourceId"] for one in raw if one.get("Replacement") == "True"}
    maybe = {one["LogicalResourceId"] for one in raw if one.get("Replacement") == "Conditional"}
    answers = {name: (compared or {}).get(name, "modify") for name in maybe} if compared is not None else {}
    replaced |= {name for name, action in answers.items() if action == "replace"}
    while True:
        more = {
            one["LogicalResourceId"]
            for one in raw
            if one.get("Replacement") == "Conditional"
            and one["LogicalResourceId"] not in replaced
            and _caused(one, replaced)
        }
        if not more:
            break
        replaced |= more
    found = [
        Change(
            _action(one, replaced, answers),
            one["LogicalResourceId"],
            one["ResourceType"],
            one.get("PhysicalResourceId", ""),
            named.get(one["LogicalResourceId"], ""),
            tuple(dict.fromkeys(_target(detail) for detail in one.get("Details", ()))),
        )
        for one in raw
    ]
    return tuple(sorted(found, key=lambda change: list(ACTIONS).index(change.action)))


def _caused(one: Mapping[str, Any], replaced: set[str]) -> bool:
    return any(
        detail.get("CausingEntity", "").split(".")[0] in replaced
        and detail.get("Target", {}).get("RequiresRecreation") in {"Always", "Conditionally"}
        for detail in one.get("Details", ())
    )


def _action(one: Mapping[str, Any], replaced: set[str], answers: Mapping[str, str]) -> str:
    kind = one.get("Action")
    if kind == "Add":
        return "add"
    if kind == "Import":
        return "import"
    if kind == "Remove":
        return "let go" if one.get("PolicyAction") == "Retain" else "delete"
    if one["LogicalResourceId"] in replaced:
        return "replace"
    open_ = one.get("Replacement") == "Conditional" and answers.get(one["LogicalResourceId"]) != "modify"
    return "may replace" if open_ else "modify"


def _target(detail: Mapping[str, Any]) -> str:
    target = detail.get("Target", {})
    return str(target.get("Name") or target.get("Attribute") or "")


def grants(changes: Sequence[Change], template: Mapping[str, Any]) -> tuple[Grant, ...]:
    """The IAM resources among the changes, with whom they trust and what they allow."""
    bodies = resources(template)
    found = []
    for change in changes:
        if change.type.startswith("AWS::IAM::") and change.action not in {"delete", "let go"}:
            properties = bodies.get(change.logical_id, {}).get("Properties") or {}
            trust = _statements(properties.get("AssumeRolePolicyDocument"))
            policies = [
                properties.get("PolicyDocument"),
                *(one.get("PolicyDocument") for one in _branches(properties.get("Policies"))),
            ]
            allowed = [statement for policy in policies for statement in _statements(policy)]
            found.append(
                Grant(
                    change.logical_id,
                    change.type,
                    change.action,
                    tuple(sorted({name for one in trust for name in _principals(one.get("Principal"))})),
                    tuple(sorted({str(name) for one in allowed for name in _list(one.get("Action"))})),
                )
            )
    return tuple(found)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _statements(policy: Any) -> list[dict[str, Any]]:
    """The statements of a policy; of an ``Fn::If``, those of its branches."""
    found = _branches(policy.get("Statement") if isinstance(policy, dict) else None)
    return [one for one in found if "Effect" in one]


def _branches(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list; of an ``Fn::If`` among them, those of its branches."""
    found: list[Any] = []
    for one in _list(value):
        found += one["Fn::If"][1:] if isinstance(one, dict) and "Fn::If" in one else [one]
    return [one for one in found if isinstance(one, dict)]


def _principals(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [str(item) for items in value.values() for item in _list(items) if isinstance(item, str)]
    return [str(value)] if value else []


def lines(changes: ChangeSet) -> list[str]:
    """The table, and below it what it means, as plain lines."""
    rows = [
        (one.action, one.description or one.logical_id, one.type, ", ".join(one.properties))
        for one in changes.changes
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    shown = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])).rstrip()
        for row in rows
    ]
    counted = {action: sum(row[0] == action for row in rows) for action in ACTIONS}
    shown.append(
        ", ".join(f"{count} {ACTIONS[action]}" for action, count in counted.items() if count)
        or "no resource changes"
    )
    says = {
        "yes": "The endpoint is INTERRUPTED: it is replaced or deleted.",
        "perhaps": "The endpoint may be interrupted: whether it is replaced is known only when it happens.",
        "no": "The endpoint is not interrupted: it moves to its new configuration when that is healthy.",
    }
    if changes.interruption in says:
        shown.append(says[changes.interruption])
    for grant in changes.grants:
        trust = f", used by {', '.join(grant.trusts)}" if grant.trusts else ""
        shown.append(f"IAM {ACTIONS[grant.action]}: {grant.logical_id} ({grant.type}{trust})")
        if grant.actions:
            shown.append(f"  allows {', '.join(grant.actions)}")
    return shown
