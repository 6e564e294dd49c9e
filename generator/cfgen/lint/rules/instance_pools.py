"""E9318: instance pools that repeat themselves."""

from __future__ import annotations

from cfgen.lint.evaluate import known, maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class InstancePools(Rule):
    """Each pool its own type."""

    id = "E9318"
    shortdesc = "Instance pools name different instance types"
    description = (
        "A variant's pools are tried by priority, each with its own instance type; a type named twice is "
        "a mistake, and its second priority would mean nothing."
    )
    fix = "name each instance type once"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstancePool.html"
    source_title = "InstancePool"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Said of the second and later."""
        for variant in variants(resource):
            seen: set[str] = set()
            for pool in maps(variant, "InstancePools"):
                kind = pool.get("InstanceType")
                if isinstance(kind, str) and known(kind):
                    if kind in seen:
                        yield pool.where("InstanceType"), f"a second pool of {kind}"
                    seen.add(kind)
