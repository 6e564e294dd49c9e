"""Whose metrics SageMaker reports: of each variant that answers, or of each inference component.

Requests to an endpoint with components are counted by component, the use of its instances by variant ("Amazon
SageMaker AI metrics in Amazon CloudWatch": dimensions). An adapter is a component that is asked by its own name; what
its base has, copies and a log, it has not.
"""

from __future__ import annotations

from dataclasses import dataclass

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.endpoint import InstancesPlan

REQUESTS = "AWS/SageMaker"
INSTANCES = "/aws/sagemaker/Endpoints"


@dataclass(frozen=True, slots=True)
class Source:
    """A variant, or the component or adapter with the logical id ``component``. ``prefix`` begins logical ids.

    ``namespaces``: what is reported of it. ``label``: its name, for people. ``fleet``: its instances, when it has any.
    """

    prefix: str
    label: str
    variant: str
    component: str
    namespaces: tuple[str, ...]
    fleet: InstancesPlan | None
    adapter: bool = False


def sources(scene: Scene) -> tuple[Source, ...]:
    """What reports metrics, in the spec's order. Shadows answer nobody and have none."""
    if scene.data.components:
        variant = scene.endpoint.variant
        return (
            Source("", variant.name, variant.name, "", (INSTANCES,), variant.instances),
            *(
                Source(one.prefix, one.name, "", f"{one.prefix}Component", (REQUESTS,), None)
                for one in scene.served
            ),
            *(
                Source(one.word, one.name, "", one.id, (REQUESTS,), None, adapter=True)
                for one in scene.plans["components"].adapters
            ),
        )
    return tuple(
        Source(one.prefix, variant.name, variant.name, "", (REQUESTS, INSTANCES), variant.instances)
        for one, variant in zip(scene.served, scene.endpoint.variants, strict=True)
        if not variant.shadow
    )
