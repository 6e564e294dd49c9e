"""CloudWatch: alarms, composite alarms, dashboards."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
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
        if "Metrics" not in p and "MetricName" not in p:
            raise ResourceFailure("An alarm needs MetricName or Metrics")
        ctx.client("cloudwatch").put_metric_alarm(**shaped("cloudwatch", "PutMetricAlarm", p, AlarmName=name))

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, made.id, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        cloudwatch = ctx.client("cloudwatch")
        quietly(lambda: cloudwatch.delete_alarms(AlarmNames=[made.id]))


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


register(Alarm, Dashboard)
