"""CloudFormation's own types: custom resources, wait conditions and their handles."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox import responses
from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, gone, register
from cfgen.sandbox.cfn.errors import Cancelled, ResourceFailure, Untouched


def _strings(value: Any) -> Any:
    """Custom resources get every scalar as a string."""
    if isinstance(value, dict):
        return {key: _strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strings(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class CustomResource(Adapter):
    """Asks a Lambda function and waits for its answer at the response URL."""

    type = "AWS::CloudFormation::CustomResource"

    def create(self, ctx: Context, p: Props) -> Made:
        return self._ask(ctx, "Create", p, ctx.name(255))

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        if old.get("ServiceToken") != new.get("ServiceToken"):
            raise Untouched("Modifying service token is not allowed.")
        return self._ask(ctx, "Update", new, made.id, old)

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        self._ask(ctx, "Delete", p, made.id)

    def _ask(self, ctx: Context, request: str, p: Props, physical_id: str, old: Props | None = None) -> Made:
        token = str(p.get("ServiceToken", ""))
        if ":lambda:" not in token:
            raise ResourceFailure(
                f"Invalid service token [{token}]: the cfgen sandbox asks Lambda functions only"
                if ":sns:" in token
                else "Invalid service token."
            )
        if f":{ctx.region}:" not in token:
            raise ResourceFailure(f"ServiceToken {token} must be in region {ctx.region}")
        request_id = str(uuid.uuid4())
        url, slot = responses.expect(ctx.stack_id, ctx.logical_id, request_id)
        event: dict[str, Any] = {
            "RequestType": request,
            "ServiceToken": token,
            "ResponseURL": url,
            "StackId": ctx.stack_id,
            "RequestId": request_id,
            "LogicalResourceId": ctx.logical_id,
            "ResourceType": ctx.type,
            "ResourceProperties": _strings(p),
        }
        if request != "Create":
            event["PhysicalResourceId"] = physical_id
        if old is not None:
            event["OldResourceProperties"] = _strings(old)
        self._invoke(ctx, token, event)
        if request == "Create":
            # asked, and not answered yet: until then this is the id that a rollback's Delete carries
            ctx.announce(physical_id)
        seconds = float(p.get("ServiceTimeout") or 3600)
        end = time.monotonic() + seconds
        while not slot.arrived.wait(0.1):
            if ctx.cancelled.is_set():
                raise Cancelled
            if time.monotonic() > end:
                raise ResourceFailure(
                    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for "
                    f"requestId [{request_id}]. If you are using the Python cfn-response module, you may need to "
                    "update your Lambda function code so that CloudFormation can attach the updated version."
                )
        answer, problem = responses.judge(slot)
        answered_id = answer.get("PhysicalResourceId")
        known = answered_id if isinstance(answered_id, str) and answered_id and request == "Create" else None
        if problem:
            raise ResourceFailure(problem, known)
        if answer["Status"] == "FAILED":
            raise ResourceFailure(
                f"Received response status [FAILED] from custom resource. Message returned: {answer.get('Reason')} "
                f"(RequestId: {request_id})",
                known,
            )
        return Made(answer["PhysicalResourceId"], dict(answer.get("Data") or {}))

    def _invoke(self, ctx: Context, token: str, event: dict[str, Any]) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                ctx.client("lambda").invoke(
                    FunctionName=token, InvocationType="Event", Payload=json.dumps(event).encode()
                )
                return
            except ClientError as error:
                # CloudFormation goes on trying while Lambda throttles
                if "TooManyRequests" not in error.response["Error"]["Code"] or time.monotonic() > end:
                    if gone(error):
                        raise ResourceFailure(f"Lambda function {token} could not be found") from None
                    raise
                time.sleep(0.5)


class WaitConditionHandle(Adapter):
    """A URL that takes signals."""

    type = "AWS::CloudFormation::WaitConditionHandle"

    def create(self, ctx: Context, p: Props) -> Made:
        url = responses.handle(ctx.stack_id, ctx.logical_id)
        return Made(url, {"Id": url})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        """Nothing to remove."""


class WaitCondition(Adapter):
    """Waits for signals at a handle."""

    type = "AWS::CloudFormation::WaitCondition"

    def create(self, ctx: Context, p: Props) -> Made:
        physical_id = f"{ctx.stack_id}/{ctx.logical_id}"
        if "Handle" not in p:
            # with a creation policy only; the sandbox has none
            raise ResourceFailure(
                "WaitCondition without Handle needs a CreationPolicy, which is not imitated"
            )
        try:
            seconds, count = float(p["Timeout"]), int(p.get("Count") or 1)
        except (KeyError, ValueError):
            raise ResourceFailure("Timeout must be a number of seconds between 0 and 43200") from None
        if not 0 <= seconds <= 43_200:
            raise ResourceFailure("Timeout must be a number of seconds between 0 and 43200")
        slot = responses.slot_of(str(p["Handle"]))
        if slot is None:
            raise ResourceFailure("Invalid WaitConditionHandle")
        end = time.monotonic() + seconds
        while True:
            # judged and counted as they are at one moment: others may arrive meanwhile
            signals = dict(slot.signals)
            failed = next((s for s in signals.values() if s["Status"] == "FAILURE"), None)
            if failed is not None:
                raise ResourceFailure(
                    f"WaitCondition received failed message: '{failed.get('Reason')}' for uniqueId: "
                    f"{failed['UniqueId']}",
                    physical_id,
                )
            if len(signals) >= count:
                break
            if ctx.cancelled.is_set():
                raise Cancelled
            if time.monotonic() > end:
                raise ResourceFailure(
                    f"WaitCondition timed out. Received {len(signals)} conditions when expecting {count}",
                    physical_id,
                )
            time.sleep(0.1)
        data = json.dumps({key: str(signal.get("Data", "")) for key, signal in signals.items()})
        return Made(physical_id, {"Data": data, "Id": physical_id})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        raise Untouched("Update to resource type AWS::CloudFormation::WaitCondition is not supported.")

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        """Nothing to remove."""


register(CustomResource, WaitConditionHandle, WaitCondition)
