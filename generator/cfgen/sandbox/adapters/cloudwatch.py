"""CloudWatch: alarms, composite alarms, dashboards."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json

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
)
from cfgen.sandbox.cfn.errors import ResourceFailure


class Alarm(Adapter):
    """A metric alarm."""

    type = "AWS::CloudWatch::Alarm"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("AlarmName") or ctx.name(255)
        cloudwatch = ctx.client("cloudwatch")
        refuse_existing(ctx, name, lambda: cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"])
        self._put(ctx, name, p)
        return Made(name, {"Arn": ctx.arn("cloudwatch", f"alarm:{name}")})

    def _put(self, ctx: Context, name: str, p: Props) -> None:
        ctx.client("cloudwatch").put_metric_alarm(**shaped("cloudwatch", "PutMetricAlarm", p, AlarmName=name))

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        # tags are taken at creation only; afterwards they have calls of their own
        self._put(ctx, made.id, {key: value for key, value in new.items() if key != "Tags"})
        _retag(ctx, made.attributes["Arn"], old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        cloudwatch = ctx.client("cloudwatch")
        quietly(lambda: cloudwatch.delete_alarms(AlarmNames=[made.id]))


class CompositeAlarm(Alarm):
    """An alarm over other alarms."""

    type = "AWS::CloudWatch::CompositeAlarm"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("AlarmName") or ctx.name(255)
        cloudwatch = ctx.client("cloudwatch")
        kinds = ["MetricAlarm", "CompositeAlarm"]
        refuse_existing(
            ctx,
            name,
            lambda: [
                alarm
                for found in [cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)]
                for alarm in [*found["MetricAlarms"], *found["CompositeAlarms"]]
            ],
        )
        self._put(ctx, name, p)
        return Made(name, {"Arn": ctx.arn("cloudwatch", f"alarm:{name}")})

    def _put(self, ctx: Context, name: str, p: Props) -> None:
        arguments = shaped("cloudwatch", "PutCompositeAlarm", p, AlarmName=name)
        ctx.client("cloudwatch").put_composite_alarm(**arguments)


def _retag(ctx: Context, arn: str, old: Props, new: Props) -> None:
    cloudwatch = ctx.client("cloudwatch")
    add, remove = changed_tags(old, new)
    if add:
        cloudwatch.tag_resource(
            ResourceARN=arn, Tags=[{"Key": key, "Value": value} for key, value in add.items()]
        )
    if remove:
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=remove)


class Dashboard(Adapter):
    """A dashboard."""

    type = "AWS::CloudWatch::Dashboard"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("DashboardName") or ctx.name(255)
        cloudwatch = ctx.client("cloudwatch")
        refuse_existing(ctx, name, lambda: cloudwatch.get_dashboard(DashboardName=name))
        self._put(ctx, name, p)
        return Made(name)

    def _put(self, ctx: Context, name: str, p: Props) -> None:
        body = p["DashboardBody"]
        try:
            text = body if isinstance(body, str) else json.dumps(body)
            json.loads(text)
        except ValueError as error:
            raise ResourceFailure(f"The dashboard body is invalid: {error}") from None
        ctx.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=text)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, made.id, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        cloudwatch = ctx.client("cloudwatch")
        quietly(lambda: cloudwatch.delete_dashboards(DashboardNames=[made.id]))


register(Alarm, CompositeAlarm, Dashboard)
