"""Step Functions: state machines."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
import re

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    changed_tags,
    quietly,
    refuse_existing,
    register,
    shaped,
    tag_pairs,
)
from cfgen.sandbox.cfn.errors import ResourceFailure


def _definition(p: Props) -> str:
    if "DefinitionString" in p:
        text = str(p["DefinitionString"])
    elif "Definition" in p:
        text = json.dumps(p["Definition"])
    else:
        raise ResourceFailure(
            "the cfgen sandbox takes Definition and DefinitionString, not DefinitionS3Location"
        )
    for name, value in (p.get("DefinitionSubstitutions") or {}).items():
        shown = ("true" if value else "false") if isinstance(value, bool) else str(value)
        # the value lands inside a JSON string
        text = text.replace("${" + name + "}", json.dumps(shown)[1:-1])
    left = re.findall(r"\$\{[A-Za-z0-9_]+\}", text)
    if left and "DefinitionSubstitutions" in p:
        raise ResourceFailure(f"Undefined definition substitutions: {', '.join(left)}")
    return text


class StateMachine(Adapter):
    """A state machine; Ref is its ARN."""

    type = "AWS::StepFunctions::StateMachine"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("StateMachineName") or ctx.name(80)
        stepfunctions = ctx.client("stepfunctions")
        arn = ctx.arn("states", f"stateMachine:{name}")
        refuse_existing(ctx, arn, lambda: stepfunctions.describe_state_machine(stateMachineArn=arn))
        extra = shaped(
            "stepfunctions",
            "CreateStateMachine",
            {k: p[k] for k in ("LoggingConfiguration", "TracingConfiguration", "RoleArn") if k in p},
        )
        stepfunctions.create_state_machine(
            name=name,
            definition=_definition(p),
            type=p.get("StateMachineType", "STANDARD"),
            tags=[{"key": key, "value": value} for key, value in tag_pairs(p.get("Tags")).items()],
            **extra,
        )
        return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": "INITIAL"})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        stepfunctions = ctx.client("stepfunctions")
        extra = shaped(
            "stepfunctions",
            "UpdateStateMachine",
            {k: new[k] for k in ("LoggingConfiguration", "TracingConfiguration", "RoleArn") if k in new},
        )
        stepfunctions.update_state_machine(stateMachineArn=made.id, definition=_definition(new), **extra)
        add, remove = changed_tags(old, new)
        if add:
            stepfunctions.tag_resource(
                resourceArn=made.id, tags=[{"key": key, "value": value} for key, value in add.items()]
            )
        if remove:
            stepfunctions.untag_resource(resourceArn=made.id, tagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        stepfunctions = ctx.client("stepfunctions")
        quietly(lambda: stepfunctions.delete_state_machine(stateMachineArn=made.id))


register(StateMachine)
