"""Nested stacks: a template in S3, made, changed and removed as a stack of its own within its parent."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from typing import Any

from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, register
from cfgen.sandbox.cfn.errors import Cancelled, ResourceFailure
from cfgen.sandbox.cfn.state import Stack, store
from cfgen.sandbox.wire import AwsError, Call

_SECONDS = 14_400.0


class NestedStack(Adapter):
    """A stack in a stack; GetAtt ``Outputs.Name`` answers its outputs."""

    type = "AWS::CloudFormation::Stack"

    def create(self, ctx: Context, p: Props) -> Made:
        from cfgen.sandbox.cfn import api

        # the parent's own rollback removes what a nested stack has half made
        request = {**_request(ctx, p), "StackName": ctx.name(128), "OnFailure": "DO_NOTHING"}
        stack_id = str(api.create_stack(_call(ctx, "CreateStack", request))["StackId"])
        nested = _nested(ctx, stack_id)
        nested.parent_id = ctx.stack_id
        ctx.announce(stack_id)
        _wait(ctx, nested, "CREATE_COMPLETE", "created")
        return _made(nested)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        from cfgen.sandbox.cfn import api

        nested = _nested(ctx, made.id)
        request = {**_request(ctx, new), "StackName": made.id}
        try:
            api.update_stack(_call(ctx, "UpdateStack", request))
        except AwsError as error:
            if "No updates are to be performed" not in error.message:
                raise
            return _made(nested)
        _wait(ctx, nested, "UPDATE_COMPLETE", "updated")
        return _made(nested)

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        from cfgen.sandbox.cfn import api

        nested = store.find(made.id, ctx.region)
        if nested is None or nested.status == "DELETE_COMPLETE":
            return
        api.delete_stack(_call(ctx, "DeleteStack", {"StackName": made.id}))
        _wait(ctx, nested, "DELETE_COMPLETE", "deleted")


def _request(ctx: Context, p: Props) -> Props:
    parent = _nested(ctx, ctx.stack_id)
    given: Props = p.get("Parameters") or {}
    tags = {**ctx.stack_tags, **{tag["Key"]: tag["Value"] for tag in p.get("Tags") or []}}
    request: Props = {
        "TemplateURL": p["TemplateURL"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": _text(value)} for key, value in given.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "Capabilities": list(parent.capabilities),
    }
    for key in ("TimeoutInMinutes", "NotificationARNs"):
        if key in p:
            request[key] = p[key]
    return request


def _text(value: Any) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _call(ctx: Context, operation: str, params: Props) -> Call:
    """A request on the parent's behalf: it needs no permission for CloudFormation itself."""
    return Call("cloudformation", operation, params, ctx.region, ctx.keys.access_key, "query")


def _nested(ctx: Context, stack_id: str) -> Stack:
    found = store.find(stack_id, ctx.region)
    if found is None:
        raise ResourceFailure(f"Stack {stack_id} does not exist")
    return found


def _wait(ctx: Context, nested: Stack, wanted: str, word: str) -> None:
    try:
        ctx.wait(lambda: not nested.in_progress, _SECONDS, f"nested stack {nested.name}")
    except Cancelled:
        if nested.operation is not None:
            nested.operation.cancel("Cancelled by the parent stack. ")
        raise
    if nested.status != wanted:
        raise ResourceFailure(
            f"Embedded stack {nested.id} was not successfully {word}: {nested.reason}".strip(), nested.id
        )


def _made(nested: Stack) -> Made:
    outputs = {f"Outputs.{item['OutputKey']}": item["OutputValue"] for item in nested.outputs}
    return Made(nested.id, {**outputs, "StackId": nested.id})


register(NestedStack)
