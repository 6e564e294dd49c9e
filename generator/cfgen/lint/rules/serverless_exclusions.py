"""E9303: a serverless endpoint with features serverless does not have."""

from __future__ import annotations

from cfgen.lint.evaluate import flag
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, model_of, serverless, variants
from cfgen.lint.worlds import Resource


class ServerlessExclusions(Rule):
    """One variant, no network settings, no capture, no special models."""

    id = "E9303"
    shortdesc = "A serverless endpoint uses only what serverless inference has"
    description = (
        "Serverless inference has no GPUs, Marketplace packages, private registries, multi-model "
        "endpoints, VPC configuration, network isolation, data capture, several production variants, "
        "Model Monitor or inference pipelines; nor shadow variants, asynchronous inference or "
        "ModelDataSource."
    )
    fix = "leave the feature out, or use instances"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html"
    source_title = "Deploy models with Amazon SageMaker Serverless Inference"
    tags = ("resources", "sagemaker", "endpoint-config", "serverless")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """The configuration first, then the models it serves."""
        world = resource.world
        listed = variants(resource)
        if not any(serverless(variant) for variant in listed):
            return
        properties = resource.properties
        for name in ("DataCaptureConfig", "VpcConfig", "AsyncInferenceConfig", "ShadowProductionVariants"):
            if name in properties:
                yield properties.where(name), f"serverless inference has no {name}"
        if flag(properties.get("EnableNetworkIsolation")):
            yield properties.where("EnableNetworkIsolation"), "serverless inference has no network isolation"
        if len(listed) > 1 and "ShadowProductionVariants" not in properties:
            yield properties.where("ProductionVariants"), "a serverless endpoint has one variant"
        for variant in listed:
            model = model_of(world, variant) if serverless(variant) else None
            if model is None:
                continue
            for name in ("VpcConfig", "Containers"):
                if name in model.properties:
                    yield (
                        model.properties.where(name),
                        f"a model with {name} cannot be served without instances",
                    )
            if flag(model.properties.get("EnableNetworkIsolation")):
                path = model.properties.where("EnableNetworkIsolation")
                yield path, "an isolated model cannot be served without instances"
            for container in containers(model):
                for name in ("ModelDataSource", "ModelPackageName", "ImageConfig"):
                    if name in container:
                        yield (
                            container.where(name),
                            f"a container with {name} cannot be served without instances",
                        )
                if container.get("Mode") == "MultiModel":
                    yield (
                        container.where("Mode"),
                        "a multi-model container cannot be served without instances",
                    )
