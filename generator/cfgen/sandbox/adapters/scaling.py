"""Application Auto Scaling: scalable targets and scaling policies."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, gone, quietly, register, shaped
from cfgen.sandbox.cfn.errors import ResourceFailure

_SERVICE = "application-autoscaling"


class ScalableTarget(Adapter):
    """A scalable target, with its scheduled actions. Its resource must exist, as Auto Scaling demands."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"

    def create(self, ctx: Context, p: Props) -> Made:
        self._register(ctx, p)
        identifier = f"{p['ResourceId']}|{p['ScalableDimension']}|{p['ServiceNamespace']}"
        return Made(identifier, {"Id": identifier})

    def _register(self, ctx: Context, p: Props) -> None:
        if p["ServiceNamespace"] == "sagemaker":
            _sagemaker_resource(ctx, str(p["ResourceId"]))
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
        keys = ("ResourceId", "ScalableDimension", "ServiceNamespace")
        quietly(lambda: scaling.deregister_scalable_target(**{key: p[key] for key in keys}))


def _sagemaker_resource(ctx: Context, resource_id: str) -> None:
    parts = resource_id.split("/")
    sagemaker = ctx.client("sagemaker")
    try:
        if parts[0] == "endpoint":
            found = sagemaker.describe_endpoint(EndpointName=parts[1])
            names = [variant["VariantName"] for variant in found.get("ProductionVariants", [])]
            if len(parts) != 4 or parts[2] != "variant" or parts[3] not in names:
                raise ResourceFailure(f"Unable to find the variant of {resource_id}")
        elif parts[0] == "inference-component":
            sagemaker.describe_inference_component(InferenceComponentName=parts[1])
        else:
            raise ResourceFailure(f"Unsupported ResourceId {resource_id}")
    except ClientError as error:
        if gone(error):
            raise ResourceFailure(f"{resource_id}: {error.response['Error']['Message']}") from None
        raise


class ScalingPolicy(Adapter):
    """A scaling policy; Ref is its ARN."""

    type = "AWS::ApplicationAutoScaling::ScalingPolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        answer = self._put(ctx, p)
        return Made(answer["PolicyARN"], {"Arn": answer["PolicyARN"]})

    def _target(self, p: Props) -> dict[str, str]:
        if target := p.get("ScalingTargetId"):
            resource, dimension, namespace = str(target).split("|")
            return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}
        return {key: p[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace")}

    def _put(self, ctx: Context, p: Props) -> Any:
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
