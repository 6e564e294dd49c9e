"""A stack set as it stands: what CloudFormation answers, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfgen.deploy import errors
from cfgen.deploy.session import Aws, aws_errors, code_of, pages

SELF, SERVICE = "SELF_MANAGED", "SERVICE_MANAGED"
Place = tuple[str, str]
"""Account, or organizational unit, and region."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A stack of the set: where, and how it stands."""

    account: str
    region: str
    status: str
    reason: str = ""
    stack: str = ""
    unit: str = ""
    drift: str = "NOT_CHECKED"
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> Place:
        """Account (service-managed: the unit asked for) and region."""
        return self.unit or self.account, self.region

    def data(self) -> dict[str, str]:
        """For ``--format json``."""
        return {
            "account": self.account, "region": self.region, "status": self.status, "reason": self.reason,
            "stack": self.stack, "organizationalUnit": self.unit, "drift": self.drift,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Present:
    """A stack set as it stands."""

    raw: Mapping[str, Any]
    instances: tuple[Instance, ...]

    @property
    def service_managed(self) -> bool:
        """Whether it goes by organizational units."""
        return self.raw.get("PermissionModel") == SERVICE

    @property
    def units(self) -> tuple[str, ...]:
        """Its organizational units."""
        return tuple(self.raw.get("OrganizationalUnitIds") or ())


def where(region: str, profile: str | None, delegated: bool = False) -> str:
    """The options that find a stack set again."""
    as_admin = " --delegated-admin" if delegated else ""
    return f"--region {region}" + (f" --profile {profile}" if profile else "") + as_admin


def present(aws: Aws, name: str, call_as: Mapping[str, str], *, overrides: bool = False) -> Present | None:
    """The stack set of that name with its instances (and their own parameter values), None when there is none."""
    client = aws.client("cloudformation")
    with aws_errors(f"describe the stack set {name}"):
        try:
            raw = client.describe_stack_set(StackSetName=name, **call_as)["StackSet"]
        except Exception as error:
            if code_of(error) == "StackSetNotFoundException":
                return None
            raise
    found = instances(aws, name, call_as)
    return Present(
        raw, tuple(_with_overrides(aws, name, call_as, one) for one in found) if overrides else found
    )


def _with_overrides(aws: Aws, name: str, call_as: Mapping[str, str], one: Instance) -> Instance:
    with aws_errors(f"describe the stack of {name} in {one.account} {one.region}"):
        found = aws.client("cloudformation").describe_stack_instance(
            StackSetName=name, StackInstanceAccount=one.account, StackInstanceRegion=one.region, **call_as
        )["StackInstance"]
    given = {
        item["ParameterKey"]: item.get("ParameterValue", "") for item in found.get("ParameterOverrides", ())
    }
    return replace(one, overrides=tuple(sorted(given.items())))


def instances(aws: Aws, name: str, call_as: Mapping[str, str]) -> tuple[Instance, ...]:
    """The stacks of the set, by region and account."""
    client = aws.client("cloudformation")
    with aws_errors(f"list the stacks of {name}"):
        found = list(pages(client.list_stack_instances, "Summaries", StackSetName=name, **call_as))
    listed = [
        Instance(
            one["Account"], one["Region"], one["Status"], one.get("StatusReason", ""), one.get("StackId", ""),
            one.get("OrganizationalUnitId", ""), one.get("DriftStatus", "NOT_CHECKED"),
        )
        for one in found
    ]  # fmt: skip
    return tuple(sorted(listed, key=lambda one: (one.region, one.account)))


def get(aws: Aws, name: str, call_as: Mapping[str, str]) -> Present:
    """The stack set of that name. Raises StackNotFound."""
    found = present(aws, name, call_as)
    if found is None:
        raise errors.StackNotFound(
            f"no stack set {name} in {aws.region}", hint="stack sets are kept in one region: --region"
        )
    return found
