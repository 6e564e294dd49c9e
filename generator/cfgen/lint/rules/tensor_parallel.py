"""E9222: a model split over more accelerators than the instance has."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, PARALLEL, containers, instance_types, served
from cfgen.lint.worlds import World


class TensorParallel(Rule):
    """The serving engines refuse to start."""

    id = "E9222"
    shortdesc = "Tensor parallelism fits the instance"
    description = (
        "A tensor-parallel degree above the number of the instance's accelerators (for Neuron: cores) "
        "makes vLLM, SGLang, TGI and DJL refuse to start; the endpoint fails its health checks until the "
        "timeout."
    )
    fix = "lower the degree to the accelerators of one instance, or take a larger instance type"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/dg/large-model-inference-choosing-instance-types.html"
    )
    source_title = "Choosing instance types for large model inference"
    tags = ("resources", "sagemaker", "model", "instance-type", "environment")
    types = (CONFIG,)

    def check_world(self, world: World) -> Hits:
        """Each variable the engines read; words such as "max" are not numbers."""
        for _, variant, model in served(world):
            for kind in instance_types(variant):
                found = instance(kind.name)
                has = (found.neuron_cores or found.accelerators) if found else 0
                for container in containers(model) if has else ():
                    environment = mapping(container, "Environment")
                    for name in PARALLEL:
                        degree = number(environment.get(name))
                        if degree is not None and degree > has:
                            yield environment.where(name), f"{name} is {degree:g}; {kind.name} has {has}"
