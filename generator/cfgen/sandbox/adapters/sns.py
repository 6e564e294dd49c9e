"""SNS: topics, subscriptions, topic policies."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    changed_tags,
    quietly,
    refuse_existing,
    register,
    tag_pairs,
)

_ATTRIBUTES = (
    "DisplayName",
    "KmsMasterKeyId",
    "FifoTopic",
    "ContentBasedDeduplication",
    "SignatureVersion",
    "TracingConfig",
)


def _attributes(p: Props) -> dict[str, str]:
    return {
        key: ("true" if p[key] else "false") if isinstance(p[key], bool) else str(p[key])
        for key in _ATTRIBUTES
        if key in p
    }


class Topic(Adapter):
    """A topic; Ref is its ARN."""

    type = "AWS::SNS::Topic"

    def create(self, ctx: Context, p: Props) -> Made:
        sns = ctx.client("sns")
        name = p.get("TopicName") or ctx.name(200)
        arn = ctx.arn("sns", name)
        refuse_existing(ctx, arn, lambda: sns.get_topic_attributes(TopicArn=arn))
        sns.create_topic(
            Name=name,
            Attributes=_attributes(p),
            Tags=[{"Key": key, "Value": value} for key, value in tag_pairs(p.get("Tags")).items()],
        )
        ctx.announce(arn)
        for item in p.get("Subscription") or []:
            sns.subscribe(TopicArn=arn, Protocol=item["Protocol"], Endpoint=item["Endpoint"])
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        sns = ctx.client("sns")
        for key, value in _attributes(new).items():
            if old.get(key) != new.get(key):
                sns.set_topic_attributes(TopicArn=made.id, AttributeName=key, AttributeValue=value)
        before, after = old.get("Subscription") or [], new.get("Subscription") or []
        for item in after:
            if item not in before:
                sns.subscribe(TopicArn=made.id, Protocol=item["Protocol"], Endpoint=item["Endpoint"])
        gone = {item["Endpoint"] for item in before if item not in after}
        for subscription in (
            sns.list_subscriptions_by_topic(TopicArn=made.id)["Subscriptions"] if gone else []
        ):
            if subscription["Endpoint"] in gone:
                sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        add, remove = changed_tags(old, new)
        if add:
            sns.tag_resource(ResourceArn=made.id, Tags=[{"Key": k, "Value": v} for k, v in add.items()])
        if remove:
            sns.untag_resource(ResourceArn=made.id, TagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sns = ctx.client("sns")
        quietly(lambda: sns.delete_topic(TopicArn=made.id))


class Subscription(Adapter):
    """A subscription; Ref is its ARN."""

    type = "AWS::SNS::Subscription"

    def create(self, ctx: Context, p: Props) -> Made:
        attributes: dict[str, str] = {}
        for key in ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy"):
            if key in p:
                attributes[key] = json.dumps(p[key])
        if "RawMessageDelivery" in p:
            attributes["RawMessageDelivery"] = "true" if p["RawMessageDelivery"] else "false"
        arguments: dict[str, Any] = {"Endpoint": p["Endpoint"]} if "Endpoint" in p else {}
        answer = ctx.client("sns").subscribe(
            TopicArn=p["TopicArn"],
            Protocol=p["Protocol"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
            **arguments,
        )
        return Made(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        sns = ctx.client("sns")
        for key in ("FilterPolicy", "RedrivePolicy"):
            if old.get(key) != new.get(key):
                sns.set_subscription_attributes(
                    SubscriptionArn=made.id, AttributeName=key, AttributeValue=json.dumps(new.get(key) or {})
                )
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sns = ctx.client("sns")
        quietly(lambda: sns.unsubscribe(SubscriptionArn=made.id))


class TopicPolicy(Adapter):
    """The access policy of topics."""

    type = "AWS::SNS::TopicPolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        self._put(ctx, p)
        identifier = ctx.name(64)
        return Made(identifier, {"Id": identifier})

    def _put(self, ctx: Context, p: Props) -> None:
        for arn in p["Topics"]:
            ctx.client("sns").set_topic_attributes(
                TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(p["PolicyDocument"])
            )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        """The topic falls back to its default policy; nothing reads it after that."""


register(Topic, Subscription, TopicPolicy)
