"""E9310: shadow variants where they are not allowed."""

from __future__ import annotations

from cfgen.lint.evaluate import maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, instance_types, model_of, production, variants
from cfgen.lint.worlds import Resource


class ShadowVariants(Rule):
    """One production variant, one shadow, nothing special."""

    id = "E9310"
    shortdesc = "A shadow variant stands beside exactly one plain production variant"
    description = (
        "With ShadowProductionVariants an endpoint has one production and one shadow variant. Shadow "
        "tests exclude asynchronous and serverless inference, Marketplace, multi-container and "
        "multi-model endpoints and Inf1 instances."
    )
    fix = "keep one of each, or leave the shadow out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests-exclusions.html"
    source_title = "Shadow tests: Exclusions"
    tags = ("resources", "sagemaker", "endpoint-config", "shadow")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Serverless with a shadow is E9303's."""
        world = resource.world
        properties = resource.properties
        shadows = maps(properties, "ShadowProductionVariants")
        if not shadows:
            return
        if len(production(resource)) > 1:
            yield properties.where("ShadowProductionVariants"), "a shadow beside several production variants"
        if len(shadows) > 1:
            yield properties.where("ShadowProductionVariants"), "more than one shadow variant"
        if "AsyncInferenceConfig" in properties:
            yield (
                properties.where("ShadowProductionVariants"),
                "asynchronous inference has no shadow variants",
            )
        for variant in variants(resource):
            for kind in instance_types(variant):
                if kind.name.startswith("ml.inf1."):
                    yield kind.path, "shadow tests exclude Inf1 instances"
            model = model_of(world, variant)
            for container in containers(model) if model else ():
                if container.get("Mode") == "MultiModel":
                    yield container.where("Mode"), "shadow tests exclude multi-model containers"
            if model and "Containers" in model.properties and len(containers(model)) > 1:
                yield (
                    model.properties.where("Containers"),
                    "shadow tests exclude models of several containers",
                )
