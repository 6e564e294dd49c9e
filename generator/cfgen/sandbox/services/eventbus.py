"""EventBridge: events of the sandbox's services and of PutEvents, matched against rules and delivered to targets."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from moto.events.models import EventPattern, events_backends

from cfgen.sandbox.faults import faults
from cfgen.sandbox.registry import after
from cfgen.sandbox.services import targets
from cfgen.sandbox.wire import ACCOUNT, Call, Response

if TYPE_CHECKING:
    from cfgen.sandbox.services.codebuild_run import Build


def emit(source: str, detail_type: str, detail: dict[str, Any], region: str, resources: list[str]) -> None:
    """Put an event of an AWS service on the default bus."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
    deliver(event, "default", region)


def deliver(event: dict[str, Any], bus: str, region: str) -> None:
    """Find the rules that match and hand the event to their targets, in the background."""
    backend = events_backends[ACCOUNT][region]
    found = backend.event_buses.get(bus.rsplit("/", 1)[-1])
    if found is None:
        return
    matching = [rule for rule in list(found.rules.values()) if _matches(rule, event)]
    if not matching:
        return
    what = {"detail_type": str(event["detail-type"]), "resource": "|".join(event["resources"]) or "*"}
    if faults.strike("lose-event", action="lose", **what):
        return
    copies = 2 if faults.strike("lose-event", action="duplicate", **what) else 1
    for rule in matching * copies:
        for target in list(rule.targets):
            threading.Thread(target=_hand_over, args=(rule, target, event, region), daemon=True).start()


def _matches(rule: Any, event: dict[str, Any]) -> bool:
    pattern = rule.event_pattern
    if rule.state != "ENABLED" or not pattern:
        return False
    matcher = pattern if hasattr(pattern, "matches_event") else EventPattern.load(str(pattern))
    return bool(matcher.matches_event(cast("Any", event)))


def _hand_over(rule: Any, target: dict[str, Any], event: dict[str, Any], region: str) -> None:
    if pause := faults.strike("delay", service="events", operation="Deliver"):
        time.sleep(pause.seconds)
    arn = rule.arn
    targets.send(
        target["Arn"], shape(target, event, arn), region, target.get("RoleArn"), "events.amazonaws.com", arn
    )


def shape(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> Any:
    """What a target gets: the event, a part of it, or something made from it."""
    if "Input" in target and target["Input"] is not None:
        return json.loads(target["Input"])
    if path := target.get("InputPath"):
        return _at(event, path)
    transformer = target.get("InputTransformer")
    if not transformer:
        return event
    values = {name: _at(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {"aws.events.rule-arn": rule_arn, "aws.events.event.json": event}

    def fill(match: re.Match[str]) -> str:
        value = values.get(match.group(2))
        quoted = match.group(1) == '"'
        if isinstance(value, str):
            return f'"{value}"' if quoted else value if _inside_string(match) else json.dumps(value)
        return json.dumps(value)

    text = re.sub(r'("?)<([^<>]+)>"?', fill, transformer["InputTemplate"])
    try:
        return json.loads(text)
    except ValueError:
        return text


def _inside_string(match: re.Match[str]) -> bool:
    before = match.string[: match.start()]
    return before.count('"') % 2 == 1


def _at(event: Any, path: str) -> Any:
    found = event
    for part in path.removeprefix("$").strip(".").split("."):
        if part:
            found = found.get(part) if isinstance(found, dict) else None
    return found


@after("events", "PutEvents")
def _put_events(call: Call, _response: Response) -> None:
    for entry in call.params.get("Entries") or []:
        deliver(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": entry.get("DetailType", ""),
                "source": entry.get("Source", ""),
                "account": call.account,
                "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": call.region,
                "resources": entry.get("Resources") or [],
                "detail": json.loads(entry.get("Detail") or "{}"),
            },
            entry.get("EventBusName") or "default",
            call.region,
        )


def emit_codebuild_state(build: Build) -> None:
    """The event of a build's beginning or end."""
    view = build.view()
    information: dict[str, Any] = {
        "build-complete": build.complete,
        "initiator": build.initiator,
        "timeout-in-minutes": build.timeout,
        "build-start-time": build.started.strftime("%b %d, %Y %I:%M:%S %p"),
        "source": {"type": build.source.get("type")},
        "environment": {"image": build.environment.get("image"), "type": build.environment.get("type")},
        "logs": {"group-name": build.group, "stream-name": build.stream},
        "phases": [_phase(record) for record in view["phases"]],
    }
    detail = {
        "build-status": build.status,
        "project-name": build.project,
        "build-id": build.arn,
        "current-phase": build.phase,
        "current-phase-context": "[]",
        "version": "1",
        "additional-information": information,
    }
    emit("aws.codebuild", "CodeBuild Build State Change", detail, build.region, [build.arn])


def emit_codebuild_phase(build: Build, record: dict[str, Any]) -> None:
    """The event of a phase's end."""
    detail = {
        "completed-phase": record["phaseType"],
        "completed-phase-status": record["phaseStatus"],
        "project-name": build.project,
        "build-id": build.arn,
        "version": "1",
    }
    emit("aws.codebuild", "CodeBuild Build Phase Change", detail, build.region, [build.arn])


def _phase(record: dict[str, Any]) -> dict[str, Any]:
    contexts = [f"{item['statusCode']}: {item['message']}" for item in record.get("contexts") or []]
    return {
        "phase-type": record["phaseType"],
        "phase-status": record.get("phaseStatus"),
        "phase-context": contexts or ["[]"],
        "duration-in-seconds": record.get("durationInSeconds", 0),
    }
