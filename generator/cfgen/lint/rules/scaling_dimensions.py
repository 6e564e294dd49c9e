"""E9605: a SageMaker metric with dimensions it is not emitted with."""

from __future__ import annotations

from cfgen.lint.evaluate import known, maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ALARM, POLICY
from cfgen.lint.rules._scaling import metrics
from cfgen.lint.worlds import Resource

_NAMESPACE = "AWS/SageMaker"
_WRONG = {
    "Endpoint": "EndpointName",
    "endpoint": "EndpointName",
    "Variant": "VariantName",
    "variant": "VariantName",
    "endpointName": "EndpointName",
    "variantName": "VariantName",
    "InferenceComponent": "InferenceComponentName",
}
_ENDPOINT_ONLY = {"ApproximateBacklogSize", "ApproximateBacklogSizePerInstance", "HasBacklogWithoutCapacity"}
_BY_VARIANT = {
    "Invocations",
    "InvocationsPerInstance",
    "ModelLatency",
    "OverheadLatency",
    "Invocation5XXErrors",
    "Invocation4XXErrors",
}


class ScalingDimensions(Rule):
    """A metric with other dimensions is another metric, and empty."""

    id = "E9605"
    shortdesc = "A SageMaker metric has the dimensions SageMaker emits"
    description = (
        "CloudWatch tells metrics apart by their dimensions. SageMaker emits EndpointName and VariantName "
        "(InferenceComponentName for components; EndpointName alone for the asynchronous backlog). With "
        "Endpoint, Variant or one missing there is never a data point: the alarm stays in "
        "INSUFFICIENT_DATA and nothing scales."
    )
    fix = "name the dimensions EndpointName and VariantName"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html"
    source_title = "Amazon SageMaker AI metrics in Amazon CloudWatch"
    tags = ("resources", "sagemaker", "scaling", "metrics", "alarms")
    types = (POLICY, ALARM)

    def check(self, resource: Resource) -> Hits:
        """Alarms and custom metrics of scaling policies."""
        for metric in metrics(resource):
            if metric.get("Namespace") != _NAMESPACE:
                continue
            name = metric.get("MetricName")
            listed = maps(metric, "Dimensions")
            for dimension in listed:
                given = dimension.get("Name")
                if isinstance(given, str) and given in _WRONG:
                    yield dimension.where("Name"), f"dimension '{given}': SageMaker emits '{_WRONG[given]}'"
            names = {dimension.get("Name") for dimension in listed}
            if not all(known(item) for item in names) or names & set(_WRONG):
                continue
            if name in _ENDPOINT_ONLY and "VariantName" in names:
                yield metric.where("Dimensions"), f"{name} is emitted with EndpointName alone"
            if name in _BY_VARIANT and names == {"EndpointName"}:
                yield metric.where("Dimensions"), f"{name} is emitted with EndpointName and VariantName"
