"""E9604: a real-time endpoint scaled on a metric only asynchronous ones have."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ALARM, POLICY, config_of
from cfgen.lint.rules._scaling import metrics, named_endpoint, scaled
from cfgen.lint.worlds import Resource

_ASYNC = {
    "ApproximateBacklogSize",
    "ApproximateBacklogSizePerInstance",
    "ApproximateAgeOfOldestRequest",
    "HasBacklogWithoutCapacity",
}


class ScalingBacklog(Rule):
    """The backlog is a queue's, and a real-time endpoint has none."""

    id = "E9604"
    shortdesc = "Backlog metrics are used with asynchronous endpoints only"
    description = (
        "SageMaker emits ApproximateBacklogSize and its kin for asynchronous endpoints only. A real-time "
        "endpoint scaled or watched by one never has a data point and never scales."
    )
    fix = "use SageMakerVariantInvocationsPerInstance (predefined) or ConcurrentRequestsPerModel"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html"
    source_title = "Monitor asynchronous endpoint"
    tags = ("resources", "sagemaker", "scaling", "metrics")
    types = (POLICY, ALARM)

    def check(self, resource: Resource) -> Hits:
        """The endpoint is found by the policy's target or by the metric's dimension."""
        world = resource.world
        for metric in metrics(resource):
            if metric.get("MetricName") not in _ASYNC:
                continue
            endpoint, config, _ = scaled(world, resource)
            endpoint = endpoint or named_endpoint(world, metric)
            config = config or (config_of(world, endpoint) if endpoint else None)
            if config is not None and "AsyncInferenceConfig" not in config.properties:
                path = metric.where("MetricName")
                yield (
                    path,
                    f"{metric['MetricName']} has no data for the real-time endpoint of '{config.name}'",
                )
