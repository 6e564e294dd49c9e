"""E9318: instance pools that repeat themselves, in type or in priority."""

from __future__ import annotations

from cfgen.lint.evaluate import known, maps, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class InstancePools(Rule):
    """Each pool its own type and its own priority."""

    id = "E9318"
    shortdesc = "Instance pools name different instance types, with different priorities"
    description = (
        "A variant's pools are tried by priority, each with its own instance type; a type named twice is "
        "a mistake, and its second priority would mean nothing. Of two pools with one priority neither is "
        "the first."
    )
    fix = "name each instance type once, and number the pools apart"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstancePool.html"
    source_title = "InstancePool"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Said of the second and later."""
        for variant in variants(resource):
            seen: set[str] = set()
            numbers: set[float] = set()
            for pool in maps(variant, "InstancePools"):
                kind = pool.get("InstanceType")
                if isinstance(kind, str) and known(kind):
                    if kind in seen:
                        yield pool.where("InstanceType"), f"a second pool of {kind}"
                    seen.add(kind)
                priority = number(pool.get("Priority"))
                if priority in numbers:
                    yield pool.where("Priority"), f"a second pool of priority {priority:g}"
                numbers |= {priority} if priority is not None else set()
