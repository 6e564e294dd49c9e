"""E9320: an asynchronous endpoint whose requests would have to say what they are for."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, model_of, production
from cfgen.lint.worlds import Resource


class AsyncTarget(Rule):
    """InvokeEndpointAsync names an endpoint and nothing in it."""

    id = "E9320"
    shortdesc = "An asynchronous endpoint serves one model, by itself"
    description = (
        "InvokeEndpointAsync has no TargetModel and no InferenceComponentName, so a multi-model container or an "
        "inference component behind an asynchronous endpoint cannot be asked."
    )
    fix = "serve one model by variants with a ModelName, or leave AsyncInferenceConfig out"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html"
    )
    source_title = "InvokeEndpointAsync"
    tags = ("resources", "sagemaker", "endpoint-config", "async")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Serverless and shadows are E9303's and E9310's."""
        if "AsyncInferenceConfig" not in resource.properties:
            return
        for variant in production(resource):
            if "ModelName" not in variant and "ServerlessConfig" not in variant:
                yield variant.path, "a variant for inference components behind an asynchronous endpoint"
            model = model_of(resource.world, variant)
            for container in containers(model) if model else ():
                if container.get("Mode") == "MultiModel":
                    yield container.where("Mode"), "a multi-model container behind an asynchronous endpoint"
