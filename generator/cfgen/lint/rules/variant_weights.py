"""E9311: weights that send no traffic anywhere."""

from __future__ import annotations

from cfgen.lint.evaluate import number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, production
from cfgen.lint.worlds import Resource


class VariantWeights(Rule):
    """Traffic goes by weight over the sum of weights."""

    id = "E9311"
    shortdesc = "Some production variant has a weight above zero"
    description = (
        "Traffic to a variant is its weight over the sum of all; with every weight 0 there is no such "
        "share and no request is served. InitialVariantWeight defaults to 1."
    )
    fix = "give at least one production variant a weight"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"
    source_title = "ProductionVariant"
    tags = ("resources", "sagemaker", "endpoint-config")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """A weight only AWS knows counts as above zero."""
        listed = production(resource)
        if listed and all(number(variant.get("InitialVariantWeight", 1)) == 0 for variant in listed):
            yield listed[0].where("InitialVariantWeight"), "every production variant has weight 0"
