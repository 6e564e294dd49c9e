"""CloudWatch Logs: log groups, metric and subscription filters."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

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


class LogGroup(Adapter):
    """A log group."""

    type = "AWS::Logs::LogGroup"

    def create(self, ctx: Context, p: Props) -> Made:
        logs = ctx.client("logs")
        name = p.get("LogGroupName") or ctx.name(512)
        refuse_existing(
            ctx,
            name,
            lambda: [
                group
                for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
                if group["logGroupName"] == name
            ],
        )
        arguments: Props = {"logGroupName": name}
        if tags := tag_pairs(p.get("Tags")):
            arguments["tags"] = tags
        if key := p.get("KmsKeyId"):
            arguments["kmsKeyId"] = key
        logs.create_log_group(**arguments)
        ctx.announce(name)
        if days := p.get("RetentionInDays"):
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
        return Made(name, {"Arn": ctx.arn("logs", f"log-group:{name}:*")})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        logs = ctx.client("logs")
        if old.get("RetentionInDays") != new.get("RetentionInDays"):
            if days := new.get("RetentionInDays"):
                logs.put_retention_policy(logGroupName=made.id, retentionInDays=int(days))
            else:
                logs.delete_retention_policy(logGroupName=made.id)
        if old.get("KmsKeyId") != new.get("KmsKeyId"):
            if key := new.get("KmsKeyId"):
                logs.associate_kms_key(logGroupName=made.id, kmsKeyId=key)
            else:
                logs.disassociate_kms_key(logGroupName=made.id)
        add, remove = changed_tags(old, new)
        arn = ctx.arn("logs", f"log-group:{made.id}")
        if add:
            logs.tag_resource(resourceArn=arn, tags=add)
        if remove:
            logs.untag_resource(resourceArn=arn, tagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        logs = ctx.client("logs")
        quietly(lambda: logs.delete_log_group(logGroupName=made.id))

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        groups = ctx.client("logs").describe_log_groups(logGroupNamePrefix=made.id)["logGroups"]
        found = next(group for group in groups if group["logGroupName"] == made.id)
        return {"RetentionInDays": found["retentionInDays"]} if "retentionInDays" in found else {}


class MetricFilter(Adapter):
    """A metric filter of a log group."""

    type = "AWS::Logs::MetricFilter"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("FilterName") or ctx.name(512)
        self._put(ctx, name, p)
        return Made(name)

    def _put(self, ctx: Context, name: str, p: Props) -> None:
        ctx.client("logs").put_metric_filter(**shaped("logs", "PutMetricFilter", p, filterName=name))

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, made.id, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        logs = ctx.client("logs")
        quietly(lambda: logs.delete_metric_filter(logGroupName=p["LogGroupName"], filterName=made.id))


register(LogGroup, MetricFilter)
