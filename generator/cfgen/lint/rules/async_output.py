"""W9315: asynchronous inference without a place for its answers."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG
from cfgen.lint.worlds import Resource


class AsyncOutput(Rule):
    """The answer goes to S3, never back to the caller."""

    id = "W9315"
    shortdesc = "Asynchronous inference has an output path"
    description = (
        "An asynchronous endpoint writes every answer to OutputConfig.S3OutputPath, and "
        "InvokeEndpointAsync cannot name another place; the resource schema does not require it."
    )
    fix = "set AsyncInferenceConfig.OutputConfig.S3OutputPath"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint.html"
    source_title = "Create an Asynchronous Inference Endpoint"
    tags = ("resources", "sagemaker", "endpoint-config", "async")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Serverless and shadows are E9303's and E9310's."""
        if "AsyncInferenceConfig" not in resource.properties:
            return
        output = mapping(resource.properties, "AsyncInferenceConfig", "OutputConfig")
        if not output.get("S3OutputPath"):
            yield (
                output.path or resource.properties.where("AsyncInferenceConfig"),
                "no S3OutputPath for the answers",
            )
