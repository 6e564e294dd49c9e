"""E9312: managed instance scaling whose numbers contradict each other."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class ManagedScaling(Rule):
    """Minimum, maximum and initial count in order."""

    id = "E9312"
    shortdesc = "Managed instance scaling has its counts in order"
    description = (
        "MinInstanceCount must not exceed MaxInstanceCount, and InitialInstanceCount lies between them; "
        "the resource schema checks each number alone."
    )
    fix = "put the three counts in order"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantManagedInstanceScaling.html"
    source_title = "ProductionVariantManagedInstanceScaling"
    tags = ("resources", "sagemaker", "endpoint-config", "scaling")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Disabled scaling is not looked at."""
        for variant in variants(resource):
            scaling = mapping(variant, "ManagedInstanceScaling")
            if scaling.get("Status") == "DISABLED":
                continue
            least, most = (number(scaling.get(key)) for key in ("MinInstanceCount", "MaxInstanceCount"))
            initial = number(variant.get("InitialInstanceCount"))
            if least is not None and most is not None and least > most:
                yield (
                    scaling.where("MinInstanceCount"),
                    f"MinInstanceCount {least:g} exceeds MaxInstanceCount {most:g}",
                )
            elif initial is not None and most is not None and initial > most:
                path = variant.where("InitialInstanceCount")
                yield path, f"InitialInstanceCount {initial:g} exceeds MaxInstanceCount {most:g}"
