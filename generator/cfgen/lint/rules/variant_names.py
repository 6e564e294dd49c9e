"""E9309: two variants of one name."""

from __future__ import annotations

from cfgen.lint.evaluate import known
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class VariantNames(Rule):
    """Metrics, scaling and invocations go by the name."""

    id = "E9309"
    shortdesc = "Variant names are unique in an endpoint configuration"
    description = (
        "Production and shadow variants of a configuration share one space of names; CreateEndpointConfig "
        "refuses a repeated one."
    )
    fix = "rename one of them"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"
    source_title = "ProductionVariant"
    tags = ("resources", "sagemaker", "endpoint-config")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Said of the second and later."""
        seen: set[str] = set()
        for variant in variants(resource):
            name = variant.get("VariantName")
            if isinstance(name, str) and known(name):
                if name in seen:
                    yield variant.where("VariantName"), f"a second variant named '{name}'"
                seen.add(name)
