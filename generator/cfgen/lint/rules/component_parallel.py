"""E9505: a model split over more accelerators than its component has."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT, MODEL, PARALLEL, containers
from cfgen.lint.worlds import Resource


class ComponentParallel(Rule):
    """A copy sees its own accelerators, not the instance's."""

    id = "E9505"
    shortdesc = "Tensor parallelism fits the component"
    description = (
        "A copy of an inference component sees NumberOfAcceleratorDevicesRequired accelerators, however many its "
        "instance has. With a higher tensor-parallel degree vLLM, SGLang, TGI and DJL refuse to start, and the "
        "component fails its health checks until the timeout. Neuron devices have several cores, and are not looked at."
    )
    fix = "ask for as many accelerators as the degree, or lower the degree"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentComputeResourceRequirements.html"
    source_title = "InferenceComponentComputeResourceRequirements"
    tags = ("resources", "sagemaker", "inference-component", "environment")
    types = (COMPONENT,)

    def check(self, resource: Resource) -> Hits:
        """Each variable the engines read, in the component's model; words such as "max" are not numbers."""
        specification = mapping(resource.properties, "Specification")
        needs = mapping(specification, "ComputeResourceRequirements")
        has = number(needs.get("NumberOfAcceleratorDevicesRequired"))
        model = resource.world.target(specification.get("ModelName"), MODEL)
        if has is None or model is None:
            return
        for container in containers(model):
            environment = mapping(container, "Environment")
            if any("NEURON" in name for name in environment) or "neuron" in str(container.get("Image")):
                continue
            for name in PARALLEL:
                degree = number(environment.get(name))
                if degree is not None and degree > has:
                    path = needs.where("NumberOfAcceleratorDevicesRequired")
                    yield path, f"{has:g} accelerators; {name} of '{model.name}' is {degree:g}"
