"""E9607: a predefined metric of another kind of target."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import POLICY
from cfgen.lint.rules._scaling import dimension_of
from cfgen.lint.worlds import Resource

_COPIES = "sagemaker:inference-component:DesiredCopyCount"
_FOR = {
    "SageMakerVariantInvocationsPerInstance": "sagemaker:variant:DesiredInstanceCount",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": "sagemaker:variant:DesiredInstanceCount",
    "SageMakerVariantProvisionedConcurrencyUtilization": "sagemaker:variant:DesiredProvisionedConcurrency",
    "SageMakerInferenceComponentInvocationsPerCopy": _COPIES,
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": _COPIES,
}


class ScalingMetricKind(Rule):
    """Variants, components and provisioned concurrency each have their own."""

    id = "E9607"
    shortdesc = "A predefined metric belongs to the scaled dimension"
    description = (
        "Each predefined SageMaker metric is for one scalable dimension; PutScalingPolicy refuses "
        "another. The resource schema lists all metrics for all dimensions."
    )
    fix = "take the metric for this dimension"
    source_url = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"
    source_title = "PredefinedMetricSpecification"
    tags = ("resources", "sagemaker", "scaling", "metrics")
    types = (POLICY,)

    def check(self, resource: Resource) -> Hits:
        """The dimension is the policy's own or its target's."""
        world = resource.world
        tracking = mapping(resource.properties, "TargetTrackingScalingPolicyConfiguration")
        metric = mapping(tracking, "PredefinedMetricSpecification")
        kind = metric.get("PredefinedMetricType")
        dimension = dimension_of(world, resource)
        if (
            not isinstance(kind, str)
            or not isinstance(dimension, str)
            or not dimension.startswith("sagemaker:")
        ):
            return
        wanted = _FOR.get(kind)
        if wanted is None:
            yield metric.where("PredefinedMetricType"), f"{kind} is not a metric of SageMaker"
        elif wanted != dimension:
            yield (
                metric.where("PredefinedMetricType"),
                f"{kind} is for {wanted}, this policy scales {dimension}",
            )
