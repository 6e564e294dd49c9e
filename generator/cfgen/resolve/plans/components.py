"""Inference components: each with its model or its base, its share of an instance, copies and scaling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ComponentScalingPlan:
    """Copies between two bounds, at which value of a predefined metric. Cooldowns in seconds.

    ``metric``: the spec's word for it. ``least``: what a launcher may go down to.
    """

    minimum: int
    maximum: int
    metric: str
    predefined: str
    target: str
    scale_in_cooldown: int
    scale_out_cooldown: int
    scale_in: bool

    @property
    def least(self) -> int:
        """0 only where a policy brings the first copy back."""
        return min(self.minimum, 1)

    @property
    def wakes(self) -> bool:
        """Whether a policy of its own brings the first copy: target tracking cannot leave zero."""
        return self.minimum == 0


@dataclass(frozen=True, slots=True)
class ComponentPlan:
    """A component with a model of its own. ``word`` begins its logical ids. Memory in MB, times in seconds.

    ``model``: logical id of what it serves. What is 0 or None is not asked for.
    """

    name: str
    word: str
    model: str
    title: str
    copies: int
    accelerators: int
    cpus: str
    min_memory: int
    max_memory: int | None
    startup_health_check_timeout: int
    model_data_download_timeout: int | None
    scaling: ComponentScalingPlan | None

    @property
    def id(self) -> str:
        """Its logical id."""
        return f"{self.word}Component"


@dataclass(frozen=True, slots=True)
class AdapterPlan:
    """A LoRA adapter on the component with the logical id ``base``. ``artifact``: default of the launcher's S3 URI."""

    name: str
    word: str
    base: str
    base_name: str
    artifact: str

    @property
    def id(self) -> str:
        """Its logical id."""
        return f"{self.word}Component"


@dataclass(frozen=True, slots=True)
class ComponentsPlan:
    """The components of an endpoint, on its variant ``variant``. ``isolated``: no traffic in or out of any."""

    variant: str
    components: tuple[ComponentPlan, ...]
    adapters: tuple[AdapterPlan, ...]
    isolated: bool

    @property
    def every(self) -> tuple[ComponentPlan | AdapterPlan, ...]:
        """Components, then the adapters that live on them."""
        return (*self.components, *self.adapters)

    def model_of(self, identity: str) -> str:
        """The logical id of the model behind the component or adapter with this logical id."""
        bases = {one.id: one.base for one in self.adapters}
        return next(one.model for one in self.components if one.id == bases.get(identity, identity))

    @property
    def scaled(self) -> tuple[ComponentPlan, ...]:
        """Those whose copies scale."""
        return tuple(one for one in self.components if one.scaling)

    def name_of(self, identity: str) -> str:
        """The spec's name of the component or adapter with this logical id."""
        return next(one.name for one in self.every if one.id == identity)

    @property
    def first(self) -> ComponentPlan:
        """The one that is asked when none is named."""
        return self.components[0]
