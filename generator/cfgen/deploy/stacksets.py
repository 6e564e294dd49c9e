"""Stack sets: one template in many accounts and regions, by CloudFormation's own engine. What is wanted, what there is.

`plan` compares the two and changes nothing; `stacksets_run` carries a plan out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cfgen import document
from cfgen.deploy import errors
from cfgen.deploy.inputs import merge, scalar
from cfgen.deploy.stacksets_present import SELF, SERVICE, Instance, Place, Present, where

if TYPE_CHECKING:
    from cfgen.render.template import Template

DEFAULT_ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
DEFAULT_EXECUTION = "AWSCloudFormationStackSetExecutionRole"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How an operation proceeds (API, StackSetOperationPreferences)."""

    region_order: tuple[str, ...] = ()
    region_concurrency: str = "SEQUENTIAL"
    failure_tolerance: str = "0"
    max_concurrent: str = "1"

    def request(self) -> dict[str, Any]:
        """As the API takes it; ``N`` counts accounts of a region, ``N%`` is a share of them."""
        given: dict[str, Any] = {"RegionConcurrencyType": self.region_concurrency}
        if self.region_order:
            given["RegionOrder"] = list(self.region_order)
        for name, text in (
            ("FailureTolerance", self.failure_tolerance),
            ("MaxConcurrent", self.max_concurrent),
        ):
            given[name + ("Percentage" if text.endswith("%") else "Count")] = int(text.rstrip("%"))
        return given


@dataclass(frozen=True, slots=True)
class Rollout:
    """What is wanted: the template under this name, in these accounts (or units) and regions.

    ``regional``: region → parameters for it alone. ``prune``: stacks elsewhere are deleted. ``reset``: the template's
    defaults for whatever is not given, not the set's values.
    """

    template: Template
    name: str
    home: str
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    service_managed: bool = False
    administration_role: str | None = None
    execution_role: str | None = None
    auto_deployment: bool = False
    delegated: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    regional: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    preferences: Preferences = Preferences()
    prune: bool = False
    profile: str | None = None
    s3_bucket: str | None = None
    timeout: float = 14 * 3600.0
    reset: bool = False

    @property
    def call_as(self) -> dict[str, str]:
        """Whom the API takes the caller for: the account itself, or an administrator for the organization."""
        return {"CallAs": "DELEGATED_ADMIN"} if self.delegated else {}

    @property
    def resume(self) -> str:
        """The command that goes on following."""
        return (
            f"cfgen status {self.name} --stack-set {where(self.home, self.profile, self.delegated)} --follow"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: create, update or delete, of the set or of instances. ``request``: the call's own arguments."""

    call: str
    title: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that lead from what there is to what is wanted; ``left``: stacks elsewhere that stay."""

    rollout: Rollout
    steps: tuple[Step, ...]
    left: tuple[Instance, ...] = ()

    def lines(self) -> list[str]:
        """As a person reads it."""
        shown = [step.title for step in self.steps] or ["nothing to change"]
        shown += [f"stays: {one.account} {one.region} (--prune deletes it)" for one in self.left]
        return shown


def plan(rollout: Rollout, before: Present | None, assets: Mapping[str, Mapping[str, str]]) -> Plan:
    """What has to be done. ``assets``: region → the parameters that name its bucket.

    Raises UsageError for what CloudFormation would refuse: units without service-managed permissions, another
    permission model than the set has.
    """
    check(rollout, before)
    own = _own(rollout, assets)
    there = before.instances if before else ()
    regions = _regions(rollout, before)
    who = (rollout.units if rollout.service_managed else rollout.accounts) or tuple(
        dict.fromkeys(one.target[0] for one in there)
    )
    wanted = [(target, region) for region in regions for target in who]
    left = [one for one in there if one.target not in wanted]
    steps: list[Step] = []
    if rollout.prune:
        # first, so that what goes is not updated before
        gone = list(dict.fromkeys(one.target for one in left))
        steps += _on_instances(rollout, "delete_stack_instances", "delete", gone, None)
    of_set = list(_of_set(rollout, before, _parameters(rollout, before, own, regions)))
    steps += of_set
    updated = bool(of_set) and before is not None
    by_target: dict[Place, list[Instance]] = {}
    for one in there:
        by_target.setdefault(one.target, []).append(one)
    for group, overrides in _alike(regions, own):
        inside = [place for place in wanted if place[1] in group]
        new = [place for place in inside if not _covered(rollout, by_target.get(place, ()))]
        old = [place for place in inside if place not in new]
        other = [place for place in old if any(dict(one.overrides) != overrides for one in by_target[place])]
        # what failed before is tried again; the update of the set does so too
        stale = [] if updated else [
            place for place in old if place not in other and any(one.status != "CURRENT" for one in by_target[place])
        ]  # fmt: skip
        steps += _on_instances(rollout, "create_stack_instances", "create", new, overrides)
        steps += _on_instances(
            rollout, "update_stack_instances", "change the parameters of", other, overrides
        )
        steps += _on_instances(rollout, "create_stack_instances", "try again", stale, overrides)
    return Plan(rollout, tuple(steps), () if rollout.prune else tuple(left))


def values(
    rollout: Rollout, before: Present | None, assets: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Region → the parameters that its stacks get, the template's defaults apart. Raises ParameterMissing."""
    own, regions = _own(rollout, assets), _regions(rollout, before)
    of_set = _parameters(rollout, before, own, regions)
    return {region: {**of_set, **own.get(region, {})} for region in regions}


def _own(rollout: Rollout, assets: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Region → what is given for it alone."""
    return {
        region: {**rollout.regional.get(region, {}), **assets.get(region, {})}
        for region in {*rollout.regional, *assets}
    }


def _regions(rollout: Rollout, before: Present | None) -> tuple[str, ...]:
    """Where it is wanted: what is asked for, else where it is."""
    there = before.instances if before else ()
    return rollout.regions or tuple(dict.fromkeys(one.region for one in there))


def _covered(rollout: Rollout, found: Sequence[Instance]) -> bool:
    """Whether there is what is asked for: a stack, or one in each of the unit's accounts that are named."""
    accounts = set(rollout.accounts) if rollout.service_managed else set()
    return bool(found) and accounts <= {one.account for one in found}


def check(rollout: Rollout, before: Present | None) -> None:
    """Raise UsageError for what cannot be."""
    if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", rollout.name):
        raise errors.MalformedOption(
            f"{rollout.name!r} is no name for a stack set",
            hint="letters, digits and -, a letter first, at most 128",
        )
    if rollout.units and not rollout.service_managed:
        raise errors.MalformedOption(
            "--ou takes --permission-model service-managed", hint="self-managed stack sets take --accounts"
        )
    if rollout.service_managed and (rollout.administration_role or rollout.execution_role):
        raise errors.MalformedOption("service-managed stack sets take no roles: CloudFormation makes its own")
    if rollout.service_managed and rollout.accounts and not rollout.units:
        raise errors.MalformedOption(
            "service-managed stack sets take organizational units", hint="--ou ou-… or the root r-…"
        )
    if rollout.auto_deployment and not rollout.service_managed:
        raise errors.MalformedOption("--auto-deployment takes --permission-model service-managed")
    if rollout.delegated and not rollout.service_managed:
        raise errors.MalformedOption("--delegated-admin takes --permission-model service-managed")
    if before is not None and before.service_managed != rollout.service_managed:
        has = "service-managed" if before.service_managed else "self-managed"
        raise errors.MalformedOption(
            f"the stack set {rollout.name} is {has}", hint=f"--permission-model {has}, or another name"
        )
    unordered = [region for region in rollout.preferences.region_order if region not in rollout.regions]
    if unordered and rollout.regions:
        raise errors.MalformedOption(f"--region-order names {', '.join(unordered)}, which --region does not")


def _parameters(
    rollout: Rollout, before: Present | None, own: Mapping[str, Mapping[str, str]], regions: Sequence[str]
) -> dict[str, str]:
    """The set's parameters: those given; those once chosen, unless they were but the old template's defaults.

    Raises ParameterMissing.
    """
    declared = dict(rollout.template.parameters)
    chosen: dict[str, str] = {}
    if before is not None:
        old = document.section(document.load(before.raw.get("TemplateBody", ""), rollout.name), "Parameters")
        for one in before.raw.get("Parameters") or ():
            name, value = one["ParameterKey"], one.get("ParameterValue", "")
            if (
                name in declared
                and not (rollout.reset and declared[name] is not None)
                and ("Default" not in old.get(name, {}) or scalar(old[name]["Default"]) != value)
            ):
                chosen[name] = value
    # the set needs a value even where every region has its own: any region's
    filler = {
        name: own[regions[0]][name]
        for name, default in declared.items()
        if default is None and regions and all(name in own.get(region, {}) for region in regions)
    }
    given = {**filler, **chosen, **rollout.parameters}
    return {
        name: value for name, value in merge(rollout.template, given, None).overrides.items() if name in given
    }


def _of_set(rollout: Rollout, before: Present | None, parameters: Mapping[str, str]) -> Iterable[Step]:
    """The step that makes or changes the set itself, if one is needed."""
    request: dict[str, Any] = {
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in sorted(parameters.items())
        ],
        "Capabilities": list(document.capabilities(document.load(rollout.template.text, rollout.name))),
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(rollout.tags.items())],
    }
    if rollout.administration_role:
        request["AdministrationRoleARN"] = rollout.administration_role
    if rollout.execution_role:
        request["ExecutionRoleName"] = rollout.execution_role
    if rollout.service_managed:
        enabled = rollout.auto_deployment
        request["AutoDeployment"] = {"Enabled": enabled}
        if enabled:
            request["AutoDeployment"]["RetainStacksOnAccountRemoval"] = False
    if before is None:
        model = SERVICE if rollout.service_managed else SELF
        yield Step(
            "create_stack_set", f"create the stack set {rollout.name}", {**request, "PermissionModel": model}
        )
        return
    if not rollout.tags:
        request["Tags"] = list(before.raw.get("Tags") or ())
    changed = [name for name, value in request.items() if _plain(before.raw.get(name)) != _plain(value)]
    if before.raw.get("TemplateBody", "").strip() != rollout.template.text.strip():
        changed.insert(0, "template")
    if changed:
        there = len(before.instances)
        title = (
            f"update {rollout.name} and its {there} stack{'' if there == 1 else 's'}: {', '.join(changed)}"
        )
        yield Step("update_stack_set", title, request)


def _plain(value: Any) -> Any:
    """Comparable: lists sorted, what is empty the same as what is missing."""
    if isinstance(value, (list, tuple)):
        return sorted(str(_plain(one)) for one in value) or None
    if isinstance(value, Mapping):
        kept = {name: _plain(one) for name, one in value.items() if one not in (None, False, "", [], {})}
        return sorted((name, str(one)) for name, one in kept.items()) or None
    return value or None


def _alike(
    regions: Sequence[str], own: Mapping[str, Mapping[str, str]]
) -> Iterable[tuple[list[str], Mapping[str, str]]]:
    """Regions whose own values are the same go in one operation."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for region in regions:
        groups.setdefault(tuple(sorted(own.get(region, {}).items())), []).append(region)
    return [(where_, dict(values)) for values, where_ in groups.items()]


def _on_instances(
    rollout: Rollout, call: str, verb: str, places: Sequence[Place], overrides: Mapping[str, str] | None
) -> Iterable[Step]:
    """Steps over grids of targets and regions: one for each set of targets that regions share."""
    grids: dict[tuple[str, ...], list[str]] = {}
    for region in dict.fromkeys(region for _, region in places):
        grids.setdefault(tuple(target for target, at in places if at == region), []).append(region)
    for targets, regions in grids.items():
        request: dict[str, Any] = {"Regions": regions, **_targets(rollout, targets)}
        if overrides is not None and (overrides or call == "update_stack_instances"):
            request["ParameterOverrides"] = [
                {"ParameterKey": name, "ParameterValue": value} for name, value in sorted(overrides.items())
            ]
        if call == "delete_stack_instances":
            request["RetainStacks"] = False
        yield Step(call, f"{verb} {', '.join(targets)} in {', '.join(regions)}", request)


def _targets(rollout: Rollout, targets: Sequence[str]) -> dict[str, Any]:
    if not rollout.service_managed:
        return {"Accounts": list(targets)}
    units: dict[str, Any] = {"OrganizationalUnitIds": list(targets)}
    if rollout.accounts:
        units |= {"Accounts": list(rollout.accounts), "AccountFilterType": "INTERSECTION"}
    return {"DeploymentTargets": units}
