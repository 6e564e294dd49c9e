"""E9504: a component without a model or without resources, or with impossible ones."""

from __future__ import annotations

from cfgen.lint.evaluate import Map, mapping, maps, number
from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT, ENDPOINT, config_of, instance_types, production
from cfgen.lint.worlds import Resource, World


class ComponentRequirements(Rule):
    """A base component says what to run and what it needs of one instance."""

    id = "E9504"
    shortdesc = "An inference component names a model and resources one instance has"
    description = (
        "A component that is no adapter needs ModelName or Container, and ComputeResourceRequirements "
        "with MinMemoryRequiredInMb (required by the API, not by the resource schema). A copy must fit "
        "one instance: no more accelerators or memory than it has."
    )
    fix = "state MinMemoryRequiredInMb and at most one instance's accelerators and memory"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentComputeResourceRequirements.html"
    source_title = "InferenceComponentComputeResourceRequirements"
    tags = ("resources", "sagemaker", "inference-component", "instance-type")
    types = (COMPONENT,)

    def check(self, resource: Resource) -> Hits:
        """Instances are those of the endpoint's variants, when the template has them."""
        world = resource.world
        listed = maps(resource.properties, "Specifications") or [
            mapping(resource.properties, "Specification")
        ]
        for specification in listed:
            if not specification or "BaseInferenceComponentName" in specification:
                continue
            if "ModelName" not in specification and "Container" not in specification:
                yield specification.path, "neither ModelName nor Container"
            needs = mapping(specification, "ComputeResourceRequirements")
            if "MinMemoryRequiredInMb" not in needs:
                yield needs.path or specification.path, "no ComputeResourceRequirements.MinMemoryRequiredInMb"
            least, most = (
                number(needs.get(key)) for key in ("MinMemoryRequiredInMb", "MaxMemoryRequiredInMb")
            )
            if least is not None and most is not None and least > most:
                yield (
                    needs.where("MinMemoryRequiredInMb"),
                    f"minimum {least:g} MB exceeds maximum {most:g} MB",
                )
            yield from _fits(world, resource, needs)


def _fits(world: World, resource: Resource, needs: Map) -> Hits:
    endpoint = world.target(resource.properties.get("EndpointName"), ENDPOINT)
    config = config_of(world, endpoint) if endpoint else None
    accelerators = number(needs.get("NumberOfAcceleratorDevicesRequired")) or 0
    memory = number(needs.get("MinMemoryRequiredInMb")) or 0
    for variant in production(config) if config else ():
        for kind in instance_types(variant):
            found = instance(kind.name)
            if found and accelerators > found.accelerators:
                path = needs.where("NumberOfAcceleratorDevicesRequired")
                yield path, f"{accelerators:g} accelerators; {kind.name} has {found.accelerators}"
            if found and memory > found.memory_gib * 1024:
                path = needs.where("MinMemoryRequiredInMb")
                yield path, f"{memory:g} MB of memory; {kind.name} has {found.memory_gib * 1024:g}"
