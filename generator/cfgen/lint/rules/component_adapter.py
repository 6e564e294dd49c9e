"""E9503: an adapter with resources of its own, or without anything to adapt with."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT
from cfgen.lint.worlds import Resource


class ComponentAdapter(Rule):
    """An adapter lives on its base's resources and waits for its base."""

    id = "E9503"
    shortdesc = "An adapter component uses its base's resources"
    description = (
        "A component with BaseInferenceComponentName is an adapter: ComputeResourceRequirements, "
        "ModelName and SchedulingConfig must be left out, Container.ArtifactUrl says where the adapter "
        "lies, and the base must exist before it and be deleted after it."
    )
    fix = (
        "keep only Container.ArtifactUrl beside BaseInferenceComponentName, and name the base by GetAtt "
        "or DependsOn"
    )
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentSpecification.html"
    )
    source_title = "InferenceComponentSpecification"
    tags = ("resources", "sagemaker", "inference-component", "adapter")
    types = (COMPONENT,)

    def check(self, resource: Resource) -> Hits:
        """A base written as text needs DependsOn when the template creates it."""
        world = resource.world
        specification = mapping(resource.properties, "Specification")
        base = specification.get("BaseInferenceComponentName")
        if base is None:
            return
        for name in ("ComputeResourceRequirements", "ModelName", "SchedulingConfig"):
            if name in specification:
                yield specification.where(name), f"{name} on an adapter, which uses its base's"
        if "ArtifactUrl" not in mapping(specification, "Container"):
            yield specification.path, "an adapter without Container.ArtifactUrl"
        for other in world.of_type(COMPONENT):
            named = other.properties.get("InferenceComponentName")
            if (
                named is not None
                and named == base
                and other.name not in resource.depends_on
                and other is not resource
            ):
                yield resource.path, f"nothing makes the adapter wait for '{other.name}', its base"
