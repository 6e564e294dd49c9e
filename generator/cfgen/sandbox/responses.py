"""The URLs custom resources and wait conditions answer to, with the checks CloudFormation makes.

On AWS these are presigned S3 URLs; here they lie on the loopback port. As there, the PUT itself succeeds
whatever it says, and CloudFormation judges the content.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from cfgen.sandbox.clients import client
from cfgen.sandbox.wire import Response

RESPONSE_LIMIT = 4096


@dataclass
class Slot:
    """One expected answer (or, for a handle, a row of signals)."""

    kind: str
    ids: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    signals: dict[str, dict[str, Any]] = field(default_factory=dict)
    arrived: threading.Event = field(default_factory=threading.Event)
    expires: float = field(default_factory=lambda: time.monotonic() + 7200)


_slots: dict[str, Slot] = {}


def expect(stack_id: str, logical_id: str, request_id: str) -> tuple[str, Slot]:
    """A response URL for one request to a custom resource."""
    token = secrets.token_urlsafe(18)
    slot = Slot("response", {"StackId": stack_id, "LogicalResourceId": logical_id, "RequestId": request_id})
    _slots[token] = slot
    return f"{client.url}/_sandbox/response/{token}", slot


def handle(stack_id: str, logical_id: str) -> str:
    """A wait condition handle's URL; it takes signals for a day."""
    token = secrets.token_urlsafe(18)
    _slots[token] = Slot("handle", expires=time.monotonic() + 86_400)
    return f"{client.url}/_sandbox/handle/{token}/{quote(stack_id, safe='')}/{logical_id}"


def slot_of(url: str) -> Slot | None:
    """The slot behind a handle's URL."""
    parts = url.split("/_sandbox/handle/")
    return _slots.get(parts[1].split("/")[0]) if len(parts) == 2 else None


def _xml(code: str, status: int) -> Response:
    return status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>".encode()


def receive(kind: str, rest: str, method: str, body: bytes, content_type: str) -> Response:
    """Take an answer or a signal."""
    slot = _slots.get(rest.split("/")[0])
    if slot is None or slot.kind != kind or slot.expires < time.monotonic():
        return _xml("AccessDenied", 403)
    if method != "PUT":
        return _xml("MethodNotAllowed", 405)
    if content_type:
        # the signature of these URLs covers an empty content type in the older regions
        return _xml("SignatureDoesNotMatch", 403)
    if kind == "response":
        # the first answer is the one CloudFormation acts on
        if slot.body is None:
            slot.body = body
            slot.arrived.set()
        return 200, {}, b""
    try:
        signal = json.loads(body)
        if signal["Status"] in ("SUCCESS", "FAILURE") and signal.get("UniqueId"):
            slot.signals.setdefault(str(signal["UniqueId"]), signal)
            slot.arrived.set()
    except (ValueError, KeyError, TypeError):
        # a malformed signal is as good as none
        pass
    return 200, {}, b""


def judge(slot: Slot) -> tuple[dict[str, Any], str]:
    """A custom resource's answer and, if it is not acceptable, why."""
    body = slot.body or b""
    if len(body) > RESPONSE_LIMIT:
        return {}, "Response object is too long."
    try:
        answer = json.loads(body)
    except ValueError:
        return {}, "Failed to parse response as JSON."
    if not isinstance(answer, dict):
        return {}, "Invalid response object: a JSON object is expected."
    if answer.get("Status") not in ("SUCCESS", "FAILED"):
        return answer, "Invalid response object: Value of property Status must be SUCCESS or FAILED."
    for key, wanted in slot.ids.items():
        if answer.get(key) != wanted:
            return answer, f"Invalid response object: Value of property {key} does not match the request."
    physical = answer.get("PhysicalResourceId")
    if not isinstance(physical, str) or not physical or len(physical.encode()) > 1024:
        return answer, "Invalid PhysicalResourceId"
    if answer["Status"] == "FAILED" and not answer.get("Reason"):
        return (
            answer,
            "Invalid response object: Value of property Reason must be given when Status is FAILED.",
        )
    if not isinstance(answer.get("Data") or {}, dict):
        return answer, "Invalid response object: Value of property Data must be an object."
    return answer, ""
