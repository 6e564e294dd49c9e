"""SQS: queues and queue policies."""

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
    tag_pairs,
)

_ATTRIBUTES = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
    "FifoQueue",
)


def _attributes(p: Props) -> dict[str, str]:
    made = {}
    for key in _ATTRIBUTES:
        if key in p:
            value = p[key]
            made[key] = json.dumps(value) if isinstance(value, dict | bool) else str(value)
    return made


class Queue(Adapter):
    """A queue; Ref is its URL."""

    type = "AWS::SQS::Queue"

    def create(self, ctx: Context, p: Props) -> Made:
        sqs = ctx.client("sqs")
        name = p.get("QueueName") or ctx.name(80)
        refuse_existing(ctx, name, lambda: sqs.get_queue_url(QueueName=name))
        url = sqs.create_queue(QueueName=name, Attributes=_attributes(p), tags=tag_pairs(p.get("Tags")))[
            "QueueUrl"
        ]
        return Made(url, {"Arn": ctx.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("sqs").set_queue_attributes(QueueUrl=made.id, Attributes=_attributes(new))
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sqs = ctx.client("sqs")
        quietly(lambda: sqs.delete_queue(QueueUrl=made.id))


class QueuePolicy(Adapter):
    """The access policy of queues."""

    type = "AWS::SQS::QueuePolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        self._put(ctx, p)
        identifier = ctx.name(64)
        return Made(identifier, {"Id": identifier})

    def _put(self, ctx: Context, p: Props) -> None:
        for url in p["Queues"]:
            ctx.client("sqs").set_queue_attributes(
                QueueUrl=url, Attributes={"Policy": json.dumps(p["PolicyDocument"])}
            )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        """The policy goes with the queue."""


register(Queue, QueuePolicy)
