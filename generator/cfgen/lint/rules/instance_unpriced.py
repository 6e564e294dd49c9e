"""W9308: an instance type that can no longer be had."""

from __future__ import annotations

from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, instance_types, variants
from cfgen.lint.worlds import Resource


class InstanceUnpriced(Rule):
    """Types the schema still lists."""

    id = "W9308"
    shortdesc = "An instance type is still offered for hosting"
    description = (
        "The resource schema lists types that no region prices for hosting any more (p2, p3, dl1) or not "
        "yet (p5e, trn2), and T2, which reportedly has been refused since September 2026."
    )
    fix = "choose a current type of the same size (cfgen catalog instances)"
    source_url = "https://aws.amazon.com/sagemaker/ai/pricing/"
    source_title = "Amazon SageMaker AI pricing"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """A type that is in no catalogue is one no region prices, or one the schema refuses as well."""
        for variant in variants(resource):
            for kind in instance_types(variant):
                found = instance(kind.name)
                if kind.name.startswith("ml.t2."):
                    yield kind.path, f"{kind.name}: hosting on T2 is reportedly refused"
                elif found is None or not found.regions:
                    yield kind.path, f"no region prices {kind.name} for hosting"
