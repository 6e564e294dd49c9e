"""E9407: retained variant properties that mean nothing."""

from __future__ import annotations

from cfgen.lint.evaluate import flag, known, maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT
from cfgen.lint.worlds import Resource

_SUPPORTED = ("DesiredInstanceCount", "DesiredWeight")


class RetainedProperties(Rule):
    """Exclusions from retaining need retaining, and have two names."""

    id = "E9407"
    shortdesc = "ExcludeRetainedVariantProperties names supported properties and comes with retaining"
    description = (
        "Only DesiredInstanceCount and DesiredWeight can be left out of retaining (DataCaptureConfig is "
        "listed but not supported), and only while RetainAllVariantProperties is true. The resource "
        "schema takes any text."
    )
    fix = "name DesiredInstanceCount or DesiredWeight, and set RetainAllVariantProperties: true"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VariantProperty.html"
    source_title = "VariantProperty"
    tags = ("resources", "sagemaker", "endpoint", "update")
    types = (ENDPOINT,)

    def check(self, resource: Resource) -> Hits:
        """RetainAllVariantProperties is false when not given."""
        listed = maps(resource.properties, "ExcludeRetainedVariantProperties")
        for item in listed:
            kind = item.get("VariantPropertyType")
            if known(kind) and kind not in _SUPPORTED:
                yield (
                    item.where("VariantPropertyType"),
                    f"'{kind}' cannot be excluded; {' and '.join(_SUPPORTED)} can",
                )
        if listed and flag(resource.properties.get("RetainAllVariantProperties", False)) is False:
            path = resource.properties.where("ExcludeRetainedVariantProperties")
            yield path, "nothing is retained without RetainAllVariantProperties: true"
