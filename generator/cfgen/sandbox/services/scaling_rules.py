"""Application Auto Scaling: what it refuses, and what goes with a scalable target; moto keeps the records."""

from __future__ import annotations

import itertools
import re
from enum import Enum
from typing import Any

from moto.applicationautoscaling import models, responses
from moto.applicationautoscaling.models import applicationautoscaling_backends

from cfgen.sandbox.iam import enforce
from cfgen.sandbox.registry import after, before
from cfgen.sandbox.services import expressions
from cfgen.sandbox.services.hosting import hosting_of
from cfgen.sandbox.wire import AwsError, Call, Response

_SERVICE = "application-autoscaling"
_VARIANT = "sagemaker:variant:DesiredInstanceCount"
_PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
_COMPONENT = "sagemaker:inference-component:DesiredCopyCount"
# moto knows the first of these alone, and refuses the others before it looks further
_enum: Any = Enum
_DIMENSIONS = _enum(
    "ScalableDimensionValueSet",
    {
        **{one.name: one.value for one in models.ScalableDimensionValueSet},
        "PROVISIONED": _PROVISIONED,
        "COMPONENT": _COMPONENT,
    },
)
for _module in (models, responses):
    vars(_module)["ScalableDimensionValueSet"] = _DIMENSIONS
# the predefined metrics of SageMaker, with the dimension each belongs to
_METRICS = {
    "SageMakerVariantInvocationsPerInstance": _VARIANT,
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": _VARIANT,
    "SageMakerVariantProvisionedConcurrencyUtilization": _PROVISIONED,
    "SageMakerInferenceComponentInvocationsPerCopy": _COMPONENT,
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": _COMPONENT,
}


def _refuse(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _backend(call: Call) -> Any:
    return applicationautoscaling_backends[call.account][call.region]


def _target(call: Call) -> Any:
    p = call.params
    return _backend(call).targets.get(p.get("ScalableDimension"), {}).get(p.get("ResourceId"))


@before(_SERVICE, "RegisterScalableTarget")
def check_target(call: Call) -> None:
    """Capacities make sense, and the endpoint's variant or inference component is there and can scale."""
    p = call.params
    found = _target(call)
    least, most = p.get("MinCapacity"), p.get("MaxCapacity")
    if found is None and (least is None or most is None):
        raise _refuse("MinCapacity and MaxCapacity are required to register a scalable target.")
    least = found.min_capacity if least is None else least
    most = found.max_capacity if most is None else most
    if int(least) < 0 or int(most) < 0:
        raise _refuse("Minimum capacity and maximum capacity cannot be negative.")
    if int(least) > int(most):
        raise _refuse("Maximum capacity cannot be less than minimum capacity")
    if p["ServiceNamespace"] == "sagemaker":
        _check_hosting(call, str(p["ResourceId"]), str(p["ScalableDimension"]))
        _check_rights(call, str(p["ResourceId"]).split("/"))


def _check_rights(call: Call, parts: list[str]) -> None:
    """Who registers a target may look at it and scale it ("Permissions validation … on target resources")."""
    arn = f"arn:{call.partition}:sagemaker:{call.region}:{call.account}:"
    if parts[0] == "endpoint":
        endpoint = hosting_of(call.region).endpoints[parts[1].lower()]
        on = f"{arn}endpoint/{parts[1].lower()}"
        config = f"{arn}endpoint-config/{endpoint['EndpointConfigName'].lower()}"
        enforce.also(call, [
            ("sagemaker:DescribeEndpoint", [on]),
            ("sagemaker:DescribeEndpointConfig", [config]),
            ("sagemaker:UpdateEndpointWeightsAndCapacities", [on]),
        ])  # fmt: skip
    else:
        on = f"{arn}inference-component/{parts[1].lower()}"
        names = ("DescribeInferenceComponent", "UpdateInferenceComponentRuntimeConfig")
        enforce.also(call, [(f"sagemaker:{name}", [on]) for name in names])


def _check_hosting(call: Call, resource: str, dimension: str) -> None:
    hosting, parts = hosting_of(call.region), resource.split("/")
    if dimension == _COMPONENT:
        if len(parts) != 2 or parts[0] != "inference-component":
            raise _refuse(f"Unsupported ResourceId {resource} for {dimension}")
        if parts[1].lower() not in hosting.components:
            raise _refuse(f"SageMaker inference component not found: {resource}")
        return
    if dimension not in (_VARIANT, _PROVISIONED) or len(parts) != 4 or parts[::2] != ["endpoint", "variant"]:
        raise _refuse("Unsupported service namespace, resource type or scalable dimension")
    endpoint = hosting.endpoints.get(parts[1].lower())
    if endpoint is None:
        raise _refuse(f"SageMaker endpoint not found: {resource}")
    config = hosting.configs.get(endpoint["EndpointConfigName"].lower()) or {}
    variant = next((v for v in config.get("ProductionVariants", []) if v["VariantName"] == parts[3]), None)
    if variant is None:
        raise _refuse(f"SageMaker variant not found: {resource}")
    serverless = variant.get("ServerlessConfig")
    if dimension == _VARIANT and serverless:
        raise _refuse(f"{resource} is serverless: only {_PROVISIONED} can scale.")
    if dimension == _PROVISIONED and not (serverless or {}).get("ProvisionedConcurrency"):
        raise _refuse(f"{resource} has no provisioned concurrency.")
    if re.match(r"ml\.t\d", str(variant.get("InstanceType") or "")):  # trn is Trainium, which scales
        raise _refuse(f"The instance type {variant['InstanceType']} does not support automatic scaling.")


@after(_SERVICE, "DeregisterScalableTarget")
def forget(call: Call, _response: Response) -> None:
    """A scalable target takes its policies and scheduled actions with it."""
    p, backend = call.params, _backend(call)
    keys = (p["ResourceId"], p["ScalableDimension"])
    for name, policy in list(backend.policies.items()):
        if (policy.resource_id, policy.scalable_dimension) == keys:
            del backend.policies[name]
    backend.scheduled_actions = [
        action
        for action in backend.scheduled_actions
        if (action.resource_id, action.scalable_dimension) != keys
    ]


def _need_target(call: Call) -> None:
    if _target(call) is None:
        p = call.params
        raise AwsError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {p['ServiceNamespace']}, resource ID: "
            f"{p['ResourceId']}, scalable dimension: {p['ScalableDimension']}",
        )


@before(_SERVICE, "PutScheduledAction")
def check_action(call: Call) -> None:
    """A scheduled action has a time and at least one capacity."""
    _need_target(call)
    p = call.params
    action = p.get("ScalableTargetAction") or {}
    least, most = action.get("MinCapacity"), action.get("MaxCapacity")
    if least is None and most is None:
        raise _refuse("ScalableTargetAction must specify MinCapacity, MaxCapacity or both.")
    if least is not None and most is not None and int(least) > int(most):
        raise _refuse("Maximum capacity cannot be less than minimum capacity")
    if problem := expressions.problem(str(p.get("Schedule") or ""), str(p.get("Timezone") or "")):
        raise _refuse(problem)


@before(_SERVICE, "PutScalingPolicy")
def check_policy(call: Call) -> None:
    """A policy's type, configuration, metric and steps belong together."""
    _need_target(call)
    p = call.params
    kind = p.get("PolicyType") or "StepScaling"
    tracking = p.get("TargetTrackingScalingPolicyConfiguration")
    steps = p.get("StepScalingPolicyConfiguration")
    if kind == "TargetTrackingScaling" and (tracking is None or steps is not None):
        raise _refuse(
            "TargetTrackingScaling needs a TargetTrackingScalingPolicyConfiguration, and nothing else."
        )
    if kind == "StepScaling" and (steps is None or tracking is not None):
        raise _refuse("StepScaling needs a StepScalingPolicyConfiguration, and nothing else.")
    if tracking is not None:
        _check_tracking(call, tracking)
    if steps is not None:
        _check_steps(steps)


def _check_tracking(call: Call, tracking: dict[str, Any]) -> None:
    predefined = tracking.get("PredefinedMetricSpecification")
    customized = tracking.get("CustomizedMetricSpecification") or {}
    if bool(predefined) == bool(customized):
        raise _refuse(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is needed."
        )
    p = call.params
    if predefined:
        metric = predefined["PredefinedMetricType"]
        dimension = _METRICS.get(metric)
        if p["ServiceNamespace"] == "sagemaker" and dimension != p["ScalableDimension"]:
            raise _refuse(f"The predefined metric {metric} is not supported for {p['ScalableDimension']}.")
        if predefined.get("ResourceLabel") and metric != "ALBRequestCountPerTarget":
            raise _refuse(f"A resource label cannot be specified for the metric {metric}.")
    elif customized.get("Metrics"):
        if customized.get("MetricName"):
            raise _refuse("MetricName and Metrics cannot be specified together.")
        returned = [item for item in customized["Metrics"] if item.get("ReturnData", True)]
        if len(returned) != 1:
            raise _refuse("Exactly one of the Metrics must return data.")
    else:
        for key in ("MetricName", "Namespace", "Statistic"):
            if not customized.get(key):
                raise _refuse(f"{key} is required in a CustomizedMetricSpecification.")
    for policy in _backend(call).policies.values():
        other = getattr(policy, "target_tracking_scaling_policy_configuration", None) or {}
        here = (policy.resource_id, policy.scalable_dimension) == (p["ResourceId"], p["ScalableDimension"])
        same = predefined and other.get("PredefinedMetricSpecification") == predefined
        if here and same and policy.policy_name != p["PolicyName"]:
            raise _refuse(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed."
            )


def _check_steps(steps: dict[str, Any]) -> None:
    if not steps.get("AdjustmentType"):
        raise _refuse("AdjustmentType is required in a StepScalingPolicyConfiguration.")
    adjustments = steps.get("StepAdjustments") or []
    if not adjustments:
        raise _refuse("At least one StepAdjustment is required.")
    if steps.get("MinAdjustmentMagnitude") and steps["AdjustmentType"] != "PercentChangeInCapacity":
        raise _refuse("MinAdjustmentMagnitude needs the adjustment type PercentChangeInCapacity.")
    ranges = []
    for step in adjustments:
        lower, upper = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if lower is None and upper is None and len(adjustments) > 1:
            raise _refuse("A step adjustment without bounds must be the only one.")
        low = float("-inf") if lower is None else float(lower)
        high = float("inf") if upper is None else float(upper)
        if low >= high:
            raise _refuse("The upper bound of a step adjustment must be greater than its lower bound.")
        if steps["AdjustmentType"] == "ExactCapacity" and int(step["ScalingAdjustment"]) < 0:
            raise _refuse("ScalingAdjustment must not be negative with the adjustment type ExactCapacity.")
        ranges.append((low, high))
    ranges.sort()
    for (_, end), (start, _) in itertools.pairwise(ranges):
        if start != end:
            raise _refuse("Step adjustments must neither overlap nor leave gaps.")
