"""The endpoint: its variants and, for each, the instances that serve it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InstanceChoice:
    """An instance type the launcher may choose, where it can be hosted, and whether it has local NVMe storage."""

    name: str
    regions: tuple[str, ...]
    local_storage: bool


@dataclass(frozen=True, slots=True)
class RegionGroup:
    """Instance types that share the regions where they can be hosted, or, where that is shorter, cannot be."""

    id: str
    types: tuple[str, ...]
    regions: tuple[str, ...]
    hosted: bool


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """An instance type to try, when those of a lower number are short."""

    type: str
    priority: int


@dataclass(frozen=True, slots=True)
class RoutingPlan:
    """Which instance gets a request; the numbers are of prefix-aware routing."""

    strategy: str
    prefix_length: int | None
    concurrency_threshold: int | None


@dataclass(frozen=True, slots=True)
class ServerlessPlan:
    """A variant without instances. Memory in MB; no provisioned concurrency when 0."""

    memory_size: int
    max_concurrency: int
    provisioned_concurrency: int


@dataclass(frozen=True, slots=True)
class ManagedPlan:
    """Bounds of the number of instances, which follows the copies of components. ``scale_in``: empty for AWS's."""

    minimum: int
    maximum: int
    scale_in: str


@dataclass(frozen=True, slots=True)
class InstancesPlan:
    """A variant's instances. ``storage`` tells how the choices differ: none, all or some have NVMe.

    ``type_parameter`` and ``count_parameter``: the launcher's parameters, whose defaults are ``type`` and ``count``.
    ``local_storage``: the condition that the chosen type has NVMe, where ``storage`` is some. Sizes in GiB.
    ``minimum_count``: least count a launcher may ask for. ``reason``: why this type, where cfgen chose it.
    ``pools``: types instead of the launcher's one. ``provision_timeout``: seconds.
    """

    type: str
    count: int
    choices: tuple[InstanceChoice, ...]
    region_groups: tuple[RegionGroup, ...]
    storage: str
    volume_size: int | None
    inference_ami_version: str | None
    type_parameter: str = "InstanceType"
    count_parameter: str = "InstanceCount"
    local_storage: str = "HasLocalStorage"
    minimum_count: int = 1
    reason: str = ""
    pools: tuple[PoolPlan, ...] = ()
    provision_timeout: int | None = None
    capacity_reservation: str = ""
    reservation_parameter: str = "CapacityReservationArn"
    routing: RoutingPlan | None = None
    managed: ManagedPlan | None = None


@dataclass(frozen=True, slots=True)
class VariantPlan:
    """A production variant, or a shadow of one. ``model``: the logical id of what it serves; None for components.

    Either ``instances`` or ``serverless``. ``weight_parameter``: the launcher's, whose default is ``weight``; empty for
    an endpoint's only variant. Timeouts in seconds.
    """

    name: str
    model: str | None
    instances: InstancesPlan | None
    model_data_download_timeout: int | None
    weight: int = 1
    weight_parameter: str = ""
    shadow: bool = False
    serverless: ServerlessPlan | None = None


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """EndpointConfig and Endpoint."""

    variants: tuple[VariantPlan, ...]
    startup_health_check_timeout: int
    key_on_local_storage: bool

    @property
    def variant(self) -> VariantPlan:
        """The first variant: what an endpoint without several has."""
        return self.variants[0]

    @property
    def production(self) -> tuple[VariantPlan, ...]:
        """The variants that answer."""
        return tuple(one for one in self.variants if not one.shadow)

    @property
    def shadows(self) -> tuple[VariantPlan, ...]:
        """The variants that only listen."""
        return tuple(one for one in self.variants if one.shadow)

    @property
    def serverless(self) -> ServerlessPlan | None:
        """The only variant's, when it has no instances."""
        return self.variant.serverless

    @property
    def fleets(self) -> tuple[InstancesPlan, ...]:
        """The instances of all variants that stand on instances."""
        return tuple(one.instances for one in self.variants if one.instances)

    @property
    def mixed_fleets(self) -> tuple[InstancesPlan, ...]:
        """Those of whose types some have local NVMe storage and some do not: the launcher's choice decides."""
        return tuple(fleet for fleet in self.fleets if fleet.storage == "some" and not fleet.pools)

    @property
    def mixed_choices(self) -> tuple[InstanceChoice, ...]:
        """The instance types of mixed fleets, each once."""
        return tuple(
            {choice.name: choice for fleet in self.mixed_fleets for choice in fleet.choices}.values()
        )

    @property
    def takes_volume_key(self) -> bool:
        """Whether a KMS key for storage volumes may be given at all."""
        return bool(self.fleets) and (
            self.key_on_local_storage
            or all(fleet.storage == "none" or fleet in self.mixed_fleets for fleet in self.fleets)
        )
