"""What is decided when features are planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cfgen.catalogue import Catalogue
from cfgen.resolve.collector import Collector
from cfgen.resolve.serving import Served
from cfgen.resolve.stack import EndpointPlan, ModelPlan, VpcPlan
from cfgen.spec.schema import SpecData


@dataclass(frozen=True, slots=True)
class Scene:
    """What is decided when features are planned. ``regions``: where the template may launch.

    ``plans``: those of the features before, by their field.
    """

    notes: Collector
    catalogue: Catalogue
    served: tuple[Served, ...]
    models: tuple[ModelPlan, ...]
    endpoint: EndpointPlan
    network: VpcPlan
    regions: tuple[str, ...]
    plans: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> SpecData:
        """The spec."""
        return self.notes.spec.data
