"""A stack as it stands: its state, outputs, parameters and resources, read once."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cfgen import document
from cfgen.deploy import errors
from cfgen.deploy.inputs import STATE, Deployed
from cfgen.deploy.session import Aws, aws_errors, code_of, pages, text_of
from cfgen.errors import shorten

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}|arn:\S+")
"""What CloudFormation takes for a stack ("CreateStack", StackName)."""

STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
"""States in which CloudFormation takes no update ("Stack status codes")."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""


@dataclass
class StackView:
    """One stack. Resources and template are fetched when first asked for."""

    aws: Aws
    raw: Mapping[str, Any]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.raw["StackName"])

    @property
    def id(self) -> str:
        """Its ARN, which stays valid after it is deleted."""
        return str(self.raw["StackId"])

    @property
    def status(self) -> str:
        """Its status code."""
        return str(self.raw["StackStatus"])

    @property
    def outputs(self) -> dict[str, str]:
        """Output → value."""
        return {one["OutputKey"]: one.get("OutputValue", "") for one in self.raw.get("Outputs", ())}

    @property
    def values(self) -> dict[str, str]:
        """Parameter → value (of SSM parameters the name)."""
        return {one["ParameterKey"]: one.get("ParameterValue", "") for one in self.raw.get("Parameters", ())}

    @functools.cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Its resources."""
        client = self.aws.client("cloudformation")
        with aws_errors(f"list the resources of {self.name}"):
            found = list(pages(client.list_stack_resources, "StackResourceSummaries", StackName=self.id))
        return tuple(
            Resource(
                one["LogicalResourceId"], one.get("PhysicalResourceId") or "", one["ResourceType"],
                one["ResourceStatus"], one.get("ResourceStatusReason", ""),
            )
            for one in found
        )  # fmt: skip

    @functools.cached_property
    def template(self) -> dict[str, Any]:
        """The template it was made from, as data."""
        client = self.aws.client("cloudformation")
        with aws_errors(f"get the template of {self.name}"):
            text = client.get_template(StackName=self.id, TemplateStage="Original")["TemplateBody"]
        return document.load(text, self.name)

    @functools.cached_property
    def deployed(self) -> Deployed:
        """Its parameters, with the defaults of its template."""
        declared = document.section(self.template, "Parameters")
        from cfgen.deploy.inputs import scalar

        defaults = {
            name: scalar(body["Default"])
            for name, body in declared.items()
            if isinstance(body, dict) and "Default" in body
        }
        return Deployed(self.values, defaults)

    def physical(self, kind: str) -> list[str]:
        """The physical ids of its living resources of a type."""
        return [
            one.physical_id
            for one in self.resources
            if one.type == kind and one.physical_id and not one.status.startswith("DELETE_COMPLETE")
        ]

    @property
    def switched_off(self) -> bool:
        """Whether its endpoint is away on purpose: by a schedule, or by someone's hand."""
        return self.values.get(STATE) == "no"

    @property
    def switching_on(self) -> str:
        """The command that brings an endpoint back which is switched off."""
        return (
            f"cfgen deploy SPEC --stack-name {self.name} --region {self.aws.region} --parameter {STATE}=yes"
        )

    def without_endpoint(self) -> errors.DeployError:
        """The error for a stack without an endpoint: one that is switched off says so."""
        if self.switched_off:
            return errors.EndpointOff(f"the endpoint of {self.name} is switched off", hint=self.switching_on)
        return errors.DeployError(f"{self.name} has no endpoint", hint=f"cfgen status {self.name}")

    @property
    def endpoints(self) -> list[str]:
        """The names of its endpoints (their physical id is the ARN)."""
        return [one.rsplit("/", 1)[-1] for one in self.physical(document.ENDPOINT)]


def find(aws: Aws, name: str) -> StackView | None:
    """The living stack of that name or ARN, None when there is none. Raises MalformedOption for what is no name."""
    if not _NAME.fullmatch(name):
        # an empty name would mean every stack, and the first of them be taken
        raise errors.MalformedOption(
            f"{shorten(name)!r} is no name for a stack",
            hint="letters, digits and -, a letter first, at most 128; or the stack's ARN",
        )
    client = aws.client("cloudformation")
    with aws_errors(f"describe the stack {name}"):
        try:
            raw = client.describe_stacks(StackName=name)["Stacks"]
        except Exception as error:
            if code_of(error) == "ValidationError" and "does not exist" in text_of(error):
                return None
            raise
    return StackView(aws, raw[0]) if raw else None


def get(aws: Aws, name: str) -> StackView:
    """The stack of that name. Raises StackNotFound."""
    found = find(aws, name)
    if found is None or (found.status == "DELETE_COMPLETE" and not name.startswith("arn:")):
        raise errors.StackNotFound(
            f"no stack {name} in {aws.region}", hint=f"cfgen list --region {aws.region} shows those of cfgen"
        )
    return found


def check_deployable(stack: StackView) -> None:
    """Raise StackBusy or StackStuck for a state in which no change set can be made."""
    where = f"--region {stack.aws.region}"
    if stack.status == "REVIEW_IN_PROGRESS":
        return  # a change set for a new stack that nobody executed: a new one may be made
    if stack.status.endswith("_IN_PROGRESS"):
        raise errors.StackBusy(
            f"{stack.name} is in {stack.status}: another operation is under way",
            hint=f"cfgen status {stack.name} {where} --follow",
        )
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        raise errors.StackStuck(
            f"{stack.name} is in UPDATE_ROLLBACK_FAILED: the rollback of an update has to be ended first",
            hint=f"aws cloudformation continue-update-rollback --stack-name {stack.name} {where}",
        )
    if stack.status == "CREATE_FAILED" and stack.raw.get("DisableRollback"):
        return  # kept on purpose, to be gone on with ("Choose how to handle failures when provisioning resources")
    if stack.status in STUCK:
        why = "a deletion failed" if stack.status == "DELETE_FAILED" else "its creation failed"
        raise errors.StackStuck(
            f"{stack.name} is in {stack.status} and cannot be updated: {why}, only deletion is left",
            hint=f"cfgen destroy {stack.name} {where}, then deploy again",
        )
