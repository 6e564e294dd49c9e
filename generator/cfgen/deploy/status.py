"""How a stack and its endpoint are doing: state, what runs, last events, drift when asked for."""

from __future__ import annotations

import threading
import time
from typing import Any

from cfgen import document
from cfgen.deploy import errors, events, running, witness
from cfgen.deploy.report import Reporter
from cfgen.deploy.session import aws_errors, pages
from cfgen.deploy.stack import StackView


def view(stack: StackView, *, last: int = 8) -> dict[str, Any]:
    """Everything ``cfgen status`` shows, as data."""
    raw = stack.raw
    changed = raw.get("LastUpdatedTime") or raw.get("CreationTime")
    return {
        "stack": stack.name,
        "region": stack.aws.region,
        "id": stack.id,
        "status": stack.status,
        "reason": raw.get("StackStatusReason", ""),
        "changed": changed.isoformat(timespec="seconds") if changed else "",
        "terminationProtection": bool(raw.get("EnableTerminationProtection")),
        "endpoints": [running.endpoint(stack, name) for name in stack.endpoints],
        "components": running.components(stack),
        "switchedOff": stack.switched_off,
        "switchOn": stack.switching_on if stack.switched_off else "",
        "events": [event.data() for event in history(stack)[-last:]] if last else [],
    }


def history(stack: StackView) -> list[events.Event]:
    """The stack's events, oldest first."""
    with aws_errors(f"read the events of {stack.name}"):
        return events.Feed(stack.aws.client("cloudformation"), stack.id, _names(stack)).fresh()


def _names(stack: StackView) -> dict[str, str]:
    try:
        return document.descriptions(stack.template)
    except errors.DeployError:
        return {}  # a stack in review has no template yet; logical ids do then


def current(found: list[events.Event]) -> list[events.Event]:
    """The events of the operation under way or last: from where the user set it going."""
    starts = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS")
    for index in range(len(found) - 1, -1, -1):
        if found[index].of_stack and found[index].status in starts:
            return found[index:]
    return found


def lines(data: dict[str, Any]) -> list[str]:
    """As a person reads it."""
    reason = f": {data['reason']}" if data["reason"] else ""
    shown = [f"{data['stack']} in {data['region']}: {data['status']}{reason}", f"  changed {data['changed']}"]
    shown += [f"  {line}" for line in running.lines(data["endpoints"], data["components"])]
    if data.get("switchedOff"):
        shown += ["  endpoint: switched off; on again with", f"    {data['switchOn']}"]
    if data["events"]:
        shown.append("  last events:")
    for event in data["events"]:
        said = f": {event['reason']}" if event["reason"] else ""
        shown.append(
            f"    {event['at'][:19]} {event['status']} {event['description'] or event['resource']}{said}"
        )
    return [*shown, *drift_lines(data.get("drift"))]


def follow(
    stack: StackView, report: Reporter, *, timeout: float, stop: threading.Event
) -> events.Ending | None:
    """Follow the operation under way, from its beginning; None when there is none.

    Raises StackFailed when it ends badly, TimedOut and Interrupted.
    """
    if not stack.status.endswith("_IN_PROGRESS") or stack.status == "REVIEW_IN_PROGRESS":
        return None
    feed = events.Feed(stack.aws.client("cloudformation"), stack.id, _names(stack))
    with aws_errors(f"read the events of {stack.name}"):
        begun = current(feed.fresh())
    seen_by = witness.Witness(stack.aws)
    where = f"{stack.name} --region {stack.aws.region}"
    report.begin(f"{stack.name} in {stack.aws.region}", _names(stack))

    def on_event(event: events.Event) -> None:
        report.event(event)
        seen_by.see(event)

    try:
        for event in begun:
            on_event(event)
        if begun and begun[-1].ends:
            ending = events.Ending(begun[-1].status, begun[-1].reason, tuple(begun))
        else:
            tail = events.follow(
                feed,
                timeout=timeout,
                on_event=on_event,
                stop=stop,
                what=stack.name,
                resume=f"cfgen status {where} --follow",
            )
            ending = events.Ending(tail.status, tail.reason, (*begun, *tail.events))
    finally:
        report.end()
    if not ending.good:
        raise witness.failed(stack.name, ending, seen_by, f"cfgen status {where}")
    return ending


def drift(stack: StackView, *, timeout: float = 600.0) -> dict[str, Any]:
    """Ask CloudFormation what was changed behind its back ("Detect drift on an entire CloudFormation stack")."""
    client = stack.aws.client("cloudformation")
    with aws_errors(f"detect drift of {stack.name}"):
        ticket = client.detect_stack_drift(StackName=stack.name)["StackDriftDetectionId"]
        ends, pause = time.monotonic() + timeout, 0.5
        while True:
            answer = client.describe_stack_drift_detection_status(StackDriftDetectionId=ticket)
            if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            if time.monotonic() > ends:
                raise errors.TimedOut(
                    f"{stack.name}: drift detection is not done after {timeout:g} s", hint="try again later"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 5.0)
        found = list(
            pages(
                client.describe_stack_resource_drifts, "StackResourceDrifts",
                StackName=stack.name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            )
        )  # fmt: skip
    return {
        "status": answer.get("StackDriftStatus", "UNKNOWN"),
        "reason": answer.get("DetectionStatusReason", ""),
        "resources": [
            {
                "resource": one["LogicalResourceId"],
                "type": one["ResourceType"],
                "status": one["StackResourceDriftStatus"],
                "properties": [
                    {
                        "path": item["PropertyPath"],
                        "expected": item.get("ExpectedValue"),
                        "actual": item.get("ActualValue"),
                    }
                    for item in one.get("PropertyDifferences", ())
                ],
            }
            for one in found
        ],
    }


def drift_lines(found: dict[str, Any] | None) -> list[str]:
    """As a person reads it."""
    if found is None:
        return []
    shown = [f"  drift: {found['status']}{': ' + found['reason'] if found['reason'] else ''}"]
    for one in found["resources"]:
        shown.append(f"    {one['status']} {one['resource']} ({one['type']})")
        shown += [
            f"      {item['path']}: {item['expected']} → {item['actual']}" for item in one["properties"]
        ]
    return shown
