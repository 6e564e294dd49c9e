"""EventBridge: rules, and EventBridge Scheduler's schedules and groups."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    quietly,
    refuse_existing,
    register,
    shaped,
    tag_pairs,
)
from cfgen.sandbox.cfn.errors import ResourceFailure


class Rule(Adapter):
    """A rule and its targets."""

    type = "AWS::Events::Rule"

    def create(self, ctx: Context, p: Props) -> Made:
        events = ctx.client("events")
        name = p.get("Name") or ctx.name(64)
        bus = {"EventBusName": p["EventBusName"]} if "EventBusName" in p else {}
        refuse_existing(ctx, name, lambda: events.describe_rule(Name=name, **bus))
        arn = self._put(ctx, name, p)
        ctx.announce(name)
        self._targets(ctx, name, {}, p)
        return Made(name, {"Arn": arn})

    def _put(self, ctx: Context, name: str, p: Props) -> str:
        if "EventPattern" not in p and "ScheduleExpression" not in p:
            raise ResourceFailure("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        arguments: dict[str, Any] = {"Name": name, "State": p.get("State", "ENABLED")}
        for key in ("Description", "EventBusName", "RoleArn", "ScheduleExpression"):
            if key in p:
                arguments[key] = p[key]
        if "EventPattern" in p:
            pattern = p["EventPattern"]
            arguments["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
        return str(ctx.client("events").put_rule(**arguments)["RuleArn"])

    def _targets(self, ctx: Context, name: str, old: Props, new: Props) -> None:
        events = ctx.client("events")
        bus = {"EventBusName": new["EventBusName"]} if "EventBusName" in new else {}
        targets = shaped("events", "PutTargets", {"Targets": new.get("Targets") or []})["Targets"]
        if targets:
            answer = events.put_targets(Rule=name, Targets=targets, **bus)
            if answer.get("FailedEntryCount"):
                raise ResourceFailure(answer["FailedEntries"][0].get("ErrorMessage", "a target was refused"))
        kept = {target["Id"] for target in targets}
        dropped = [target["Id"] for target in old.get("Targets") or [] if target["Id"] not in kept]
        if dropped:
            events.remove_targets(Rule=name, Ids=dropped, **bus)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, made.id, new)
        self._targets(ctx, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        events = ctx.client("events")
        bus = {"EventBusName": p["EventBusName"]} if "EventBusName" in p else {}

        def remove() -> None:
            ids = [target["Id"] for target in p.get("Targets") or []]
            if ids:
                events.remove_targets(Rule=made.id, Ids=ids, **bus)
            events.delete_rule(Name=made.id, **bus)

        quietly(remove)


class Schedule(Adapter):
    """A schedule of EventBridge Scheduler; its time comes when a test fires it."""

    type = "AWS::Scheduler::Schedule"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("Name") or ctx.name(64)
        scheduler = ctx.client("scheduler")
        group = {"GroupName": p["GroupName"]} if "GroupName" in p else {}
        refuse_existing(ctx, name, lambda: scheduler.get_schedule(Name=name, **group))
        arn = scheduler.create_schedule(**shaped("scheduler", "CreateSchedule", p, Name=name))["ScheduleArn"]
        return Made(name, {"Arn": arn})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("scheduler").update_schedule(**shaped("scheduler", "UpdateSchedule", new, Name=made.id))
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        scheduler = ctx.client("scheduler")
        group = {"GroupName": p["GroupName"]} if "GroupName" in p else {}
        quietly(lambda: scheduler.delete_schedule(Name=made.id, **group))


class ScheduleGroup(Adapter):
    """A group of schedules."""

    type = "AWS::Scheduler::ScheduleGroup"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("Name") or ctx.name(64)
        scheduler = ctx.client("scheduler")
        refuse_existing(ctx, name, lambda: scheduler.get_schedule_group(Name=name))
        tags = [{"Key": key, "Value": value} for key, value in tag_pairs(p.get("Tags")).items()]
        arn = scheduler.create_schedule_group(Name=name, Tags=tags)["ScheduleGroupArn"]
        return Made(name, {"Arn": arn, "State": "ACTIVE"})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        scheduler = ctx.client("scheduler")
        quietly(lambda: scheduler.delete_schedule_group(Name=made.id))


register(Rule, Schedule, ScheduleGroup)
