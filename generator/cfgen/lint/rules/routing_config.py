"""E9317: prefix-aware routing half configured, or configured without the strategy."""

from __future__ import annotations

from cfgen.lint.evaluate import known, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class RoutingConfig(Rule):
    """PrefixAwareRoutingConfig only with PREFIX_AWARE, and whole."""

    id = "E9317"
    shortdesc = "Prefix-aware settings come with the PREFIX_AWARE strategy"
    description = (
        "PrefixAwareRoutingConfig may be given only when RoutingStrategy is PREFIX_AWARE, and then needs both "
        "PrefixLength and ConcurrencyThreshold; the resource schema lets it stand beside any strategy, or half."
    )
    fix = "with PREFIX_AWARE give PrefixLength and ConcurrencyThreshold; else leave PrefixAwareRoutingConfig out"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantRoutingConfig.html"
    )
    source_title = "ProductionVariantRoutingConfig"
    tags = ("resources", "sagemaker", "endpoint-config", "routing")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """The API requires a strategy as soon as RoutingConfig is there."""
        for variant in variants(resource):
            if "RoutingConfig" not in variant:
                continue
            routing = mapping(variant, "RoutingConfig")
            strategy = routing.get("RoutingStrategy")
            if strategy is None:
                yield variant.where("RoutingConfig"), "RoutingConfig without RoutingStrategy"
            elif known(strategy) and strategy != "PREFIX_AWARE" and "PrefixAwareRoutingConfig" in routing:
                yield routing.where("PrefixAwareRoutingConfig"), f"PrefixAwareRoutingConfig with {strategy}"
            elif strategy == "PREFIX_AWARE":
                settings = mapping(routing, "PrefixAwareRoutingConfig")
                for key in ("PrefixLength", "ConcurrencyThreshold"):
                    if key not in settings:
                        yield routing.where("RoutingStrategy"), f"PREFIX_AWARE without {key}"
