"""Application Auto Scaling: scalable targets and scaling policies."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from typing import Any

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    quietly,
    refuse_existing,
    refuse_unhandled,
    register,
    shaped,
)

_SERVICE = "application-autoscaling"
_TARGET = ("ScalingTargetId", "ResourceId", "ScalableDimension", "ServiceNamespace")
_POLICY = (
    "PolicyName",
    "PolicyType",
    "TargetTrackingScalingPolicyConfiguration",
    "StepScalingPolicyConfiguration",
)


class ScalableTarget(Adapter):
    """A scalable target, with its scheduled actions. Its resource must exist, as Auto Scaling demands."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"

    def create(self, ctx: Context, p: Props) -> Made:
        scaling = ctx.client(_SERVICE)
        identifier = f"{p['ResourceId']}|{p['ScalableDimension']}|{p['ServiceNamespace']}"
        refuse_existing(
            ctx,
            identifier,
            lambda: scaling.describe_scalable_targets(
                ServiceNamespace=p["ServiceNamespace"],
                ResourceIds=[p["ResourceId"]],
                ScalableDimension=p["ScalableDimension"],
            )["ScalableTargets"],
        )
        self._register(ctx, p)
        return Made(identifier, {"Id": identifier})

    def _register(self, ctx: Context, p: Props) -> None:
        arguments = shaped(
            _SERVICE, "RegisterScalableTarget", {k: v for k, v in p.items() if k != "ScheduledActions"}
        )
        ctx.client(_SERVICE).register_scalable_target(**arguments)
        for action in p.get("ScheduledActions") or []:
            ctx.client(_SERVICE).put_scheduled_action(
                ServiceNamespace=p["ServiceNamespace"],
                ResourceId=p["ResourceId"],
                ScalableDimension=p["ScalableDimension"],
                **shaped(_SERVICE, "PutScheduledAction", action),
            )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._register(ctx, new)
        kept = {action["ScheduledActionName"] for action in new.get("ScheduledActions") or []}
        for action in old.get("ScheduledActions") or []:
            if action["ScheduledActionName"] not in kept:
                ctx.client(_SERVICE).delete_scheduled_action(
                    ServiceNamespace=old["ServiceNamespace"],
                    ResourceId=old["ResourceId"],
                    ScalableDimension=old["ScalableDimension"],
                    ScheduledActionName=action["ScheduledActionName"],
                )
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        scaling = ctx.client(_SERVICE)
        keys = _TARGET[1:]
        quietly(lambda: scaling.deregister_scalable_target(**{key: p[key] for key in keys}))


class ScalingPolicy(Adapter):
    """A scaling policy; Ref is its ARN."""

    type = "AWS::ApplicationAutoScaling::ScalingPolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        scaling, target = ctx.client(_SERVICE), self._target(p)
        refuse_existing(
            ctx,
            p["PolicyName"],
            # moto gives all of the target, whatever names are asked for
            lambda: [
                one
                for one in scaling.describe_scaling_policies(**target)["ScalingPolicies"]
                if one["PolicyName"] == p["PolicyName"]
            ],
        )
        answer = self._put(ctx, p)
        return Made(answer["PolicyARN"], {"Arn": answer["PolicyARN"]})

    def _target(self, p: Props) -> dict[str, str]:
        if target := p.get("ScalingTargetId"):
            resource, dimension, namespace = str(target).split("|")
            return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}
        return {key: p[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace")}

    def _put(self, ctx: Context, p: Props) -> Any:
        refuse_unhandled(ctx, p, (*_POLICY, *_TARGET))
        renamed = {
            "TargetTrackingScalingPolicyConfiguration": p.get("TargetTrackingScalingPolicyConfiguration"),
            "StepScalingPolicyConfiguration": p.get("StepScalingPolicyConfiguration"),
        }
        arguments = shaped(
            _SERVICE, "PutScalingPolicy", {key: value for key, value in renamed.items() if value is not None}
        )
        return ctx.client(_SERVICE).put_scaling_policy(
            PolicyName=p["PolicyName"], PolicyType=p["PolicyType"], **self._target(p), **arguments
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        scaling = ctx.client(_SERVICE)
        quietly(lambda: scaling.delete_scaling_policy(PolicyName=p["PolicyName"], **self._target(p)))


register(ScalableTarget, ScalingPolicy)
