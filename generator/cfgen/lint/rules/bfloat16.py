"""E9223: bfloat16 on a GPU that does not have it."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, DTYPES, containers, instance_types, served
from cfgen.lint.worlds import World


class Bfloat16(Rule):
    """Compute capability 8.0 and later."""

    id = "E9223"
    shortdesc = "bfloat16 is asked only of GPUs that have it"
    description = (
        "bfloat16 needs NVIDIA compute capability 8.0. On a T4 (g4dn) or V100 (p3) the serving engine "
        "stops with an error, and the endpoint fails its health checks."
    )
    fix = "use float16 there, or an instance type with a newer GPU (g5, g6 and later)"
    source_url = "https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#compute-capabilities"
    source_title = "CUDA C++ Programming Guide: Compute Capabilities"
    tags = ("resources", "sagemaker", "model", "instance-type", "environment")
    types = (CONFIG,)

    def check_world(self, world: World) -> Hits:
        """Only a type asked for by name; "auto" picks what the GPU has."""
        for _, variant, model in served(world):
            for kind in instance_types(variant):
                found = instance(kind.name)
                capability = found.compute_capability if found else None
                if capability is None or capability >= 8.0:
                    continue
                for container in containers(model):
                    environment = mapping(container, "Environment")
                    for name in DTYPES:
                        if environment.get(name) in {"bfloat16", "bf16"}:
                            yield (
                                environment.where(name),
                                f"{kind.name} (compute capability {capability}) has no bfloat16",
                            )
