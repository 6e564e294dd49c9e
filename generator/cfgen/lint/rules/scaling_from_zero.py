"""W9613: an endpoint that scales to zero and cannot come back."""

from __future__ import annotations

from cfgen.lint.evaluate import number, strings
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ALARM, POLICY, TARGET
from cfgen.lint.rules._scaling import metrics, scaled
from cfgen.lint.worlds import Resource

_WAKES = {"HasBacklogWithoutCapacity", "NoCapacityInvocationFailures"}


class ScalingFromZero(Rule):
    """At zero instances a per-instance metric has no value."""

    id = "W9613"
    shortdesc = "A target with minimum 0 has a policy that wakes it up"
    description = (
        "Target tracking on a per-instance or per-copy metric cannot leave zero: there is nothing to "
        "divide by. It needs a step policy on an alarm for HasBacklogWithoutCapacity (asynchronous "
        "endpoints) or NoCapacityInvocationFailures (inference components)."
    )
    fix = "add a StepScaling policy and an alarm on that metric"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html"
    source_title = "Autoscale an asynchronous endpoint"
    tags = ("resources", "sagemaker", "scaling", "async", "inference-component")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """Any alarm on a waking metric, or any step policy for the target, counts."""
        world = resource.world
        dimension = resource.properties.get("ScalableDimension")
        if number(resource.properties.get("MinCapacity")) != 0 or dimension not in {
            "sagemaker:variant:DesiredInstanceCount",
            "sagemaker:inference-component:DesiredCopyCount",
        }:
            return
        _, config, _ = scaled(world, resource)
        if config is not None and "AsyncInferenceConfig" not in config.properties:
            return  # E9603's
        watched = {metric.get("MetricName") for alarm in world.of_type(ALARM) for metric in metrics(alarm)}
        steps = [
            policy for policy in world.of_type(POLICY) if policy.properties.get("PolicyType") == "StepScaling"
        ]
        mine = any(
            policy.properties.get("ResourceId") == resource.properties.get("ResourceId")
            or any(f"⟦{resource.name}" in value for value, _ in strings(policy.properties))
            for policy in steps
        )
        if not (watched & _WAKES and mine):
            yield resource.properties.where("MinCapacity"), "nothing scales this target out from zero"
