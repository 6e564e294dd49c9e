"""Schedules whose time comes when a test says so: EventBridge Scheduler's and scheduled rules."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.clients import client
from cfgen.sandbox.services import eventbus, targets
from cfgen.sandbox.wire import ACCOUNT


def fire(name: str, region: str) -> dict[str, Any]:
    """Deliver a schedule (``group/name`` or ``name``) or a scheduled rule to its targets now."""
    group, _, plain = name.rpartition("/")
    scheduler = client("scheduler", region)
    try:
        found = scheduler.get_schedule(Name=plain, **({"GroupName": group} if group else {}))
    except ClientError:
        return _rule(plain, region)
    if found.get("State") == "DISABLED":
        return {"fired": False, "problem": "the schedule is disabled"}
    target = found["Target"]
    text = target.get("Input") or "{}"
    try:
        payload: Any = json.loads(text)
    except ValueError:
        payload = text
    problem = targets.send(
        target["Arn"], payload, region, target["RoleArn"], "scheduler.amazonaws.com", found["Arn"]
    )
    return {"fired": True, "problem": problem}


def _rule(name: str, region: str) -> dict[str, Any]:
    events = client("events", region)
    try:
        rule = events.describe_rule(Name=name)
    except ClientError as error:
        return {"fired": False, "problem": str(error)}
    if rule["State"] != "ENABLED":
        return {"fired": False, "problem": "the rule is disabled"}
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule["Arn"]],
        "detail": {},
    }
    problems = []
    for target in events.list_targets_by_rule(Rule=name)["Targets"]:
        problems.append(
            targets.send(
                target["Arn"],
                eventbus.shape(target, event, rule["Arn"]),
                region,
                target.get("RoleArn"),
                "events.amazonaws.com",
                rule["Arn"],
            )
        )
    return {"fired": True, "problem": "; ".join(problem for problem in problems if problem)}
