"""E9620: an alarm on a metric that SageMaker does not report of such an endpoint, or not there."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ALARM, config_of, production, serverless
from cfgen.lint.rules._scaling import metrics, named_endpoint
from cfgen.lint.worlds import Resource

_REQUESTS, _INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
_OF_INSTANCES = {
    "CPUUtilization",
    "MemoryUtilization",
    "DiskUtilization",
    "GPUUtilization",
    "GPUMemoryUtilization",
    "LoadedModelCount",
}
_OF_REQUESTS = {
    "Invocations",
    "InvocationsPerInstance",
    "Invocation4XXErrors",
    "Invocation5XXErrors",
    "InvocationModelErrors",
    "ModelLatency",
    "OverheadLatency",
    "ConcurrentRequestsPerModel",
    "ApproximateBacklogSize",
    "HasBacklogWithoutCapacity",
}
_NOT_ASYNC = {"Invocations", "InvocationsPerInstance", "OverheadLatency"}
_NOT_SERVERLESS = {
    "InvocationsPerInstance",
    "CPUUtilization",
    "DiskUtilization",
    "GPUUtilization",
    "GPUMemoryUtilization",
}


class AlarmMetric(Rule):
    """A metric that is never reported raises no alarm."""

    id = "E9620"
    shortdesc = "An alarm is on a metric that SageMaker reports of such an endpoint"
    description = (
        "SageMaker reports the use of instances in /aws/sagemaker/Endpoints and requests in AWS/SageMaker. Of "
        "asynchronous endpoints it reports neither Invocations nor OverheadLatency, of serverless ones no use of "
        "processors, disks or GPUs. An alarm on what is never reported has no data and is never raised."
    )
    fix = "name the namespace that holds the metric, or a metric of this kind of endpoint"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html"
    source_title = "Alarms and logs for tracking metrics from asynchronous endpoints"
    tags = ("resources", "sagemaker", "metrics", "alarms")
    types = (ALARM,)

    def check(self, resource: Resource) -> Hits:
        """The endpoint is the one that the metric's dimension names."""
        world = resource.world
        for metric in metrics(resource):
            name, namespace = metric.get("MetricName"), metric.get("Namespace")
            where = metric.where("MetricName")
            if namespace == _REQUESTS and name in _OF_INSTANCES:
                yield where, f"{name} is reported in {_INSTANCES}"
                continue
            if namespace == _INSTANCES and name in _OF_REQUESTS:
                yield where, f"{name} is reported in {_REQUESTS}"
                continue
            endpoint = named_endpoint(world, metric) if namespace in (_REQUESTS, _INSTANCES) else None
            config = config_of(world, endpoint) if endpoint else None
            if config is None:
                continue
            if name in _NOT_ASYNC and "AsyncInferenceConfig" in config.properties:
                yield where, f"{name} is not reported of the asynchronous endpoint of '{config.name}'"
            if name in _NOT_SERVERLESS and any(serverless(variant) for variant in production(config)):
                yield where, f"{name} is not reported of the serverless endpoint of '{config.name}'"
