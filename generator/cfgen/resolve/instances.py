"""Which instance types a launcher may choose, where each is hosted, and what that means for storage."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from cfgen.catalogue import Catalogue, Instance
from cfgen.errors import CfgenError
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.stack import InstanceChoice, RegionGroup

MAX_CHOICES = 12


def chosen_instance(name: str, path: str, catalogue: Catalogue, notes: Collector) -> Instance:
    """The instance type called ``name``. Raises Stop after noting why there is none."""
    if name == "auto":
        notes.refuse(path, "auto cannot stand here", "name an instance type such as ml.g6.2xlarge")
        raise Stop
    try:
        instance = catalogue.instance(name)
    except CfgenError as error:
        raise notes.stop(path, error) from error
    if not instance.regions:
        notes.refuse(path, f"{name} is not offered for hosting in any region", "choose another type")
        raise Stop
    if name.startswith("ml.t2."):
        notes.warn(
            path,
            f"{name}: hosting on T2 has reportedly been refused since September 2026",
            "choose a current type",
        )
    return instance


def choices(default: Instance, catalogue: Catalogue, notes: Collector) -> tuple[Instance, ...]:
    """The types a launcher may choose, the default first.

    Those the spec allows; else types that run the same template: as many accelerators (tensor parallelism stays
    right) of at least the same memory and compute capability, the same processor architecture, at least the same
    host memory, and the same inference AMI rule. Nearest first, at most MAX_CHOICES.
    """
    allowed = notes.spec.data.endpoint.allowed_instance_types
    if allowed is not None:
        return _allowed(default, allowed, catalogue, notes)
    return _like(default, catalogue)


@functools.lru_cache(maxsize=512)
def _like(default: Instance, catalogue: Catalogue) -> tuple[Instance, ...]:
    like = [i for i in catalogue.instances.values() if i.name != default.name and _runs_the_same(default, i)]
    like.sort(
        key=lambda i: (i.family != default.family, i.accelerator_memory_gib, i.memory_gib, i.vcpus, i.name)
    )
    return (default, *like[: MAX_CHOICES - 1])


def _allowed(
    default: Instance, names: list[str], catalogue: Catalogue, notes: Collector
) -> tuple[Instance, ...]:
    found = [default]
    for index, name in enumerate(names):
        try:
            instance = chosen_instance(name, f"endpoint.allowedInstanceTypes.{index}", catalogue, notes)
        except Stop:
            continue
        check_like(default, instance, "endpoint.allowedInstanceTypes", notes)
        if instance not in found:
            found.append(instance)
    return tuple(found)


def check_like(default: Instance, other: Instance, path: str, notes: Collector) -> None:
    """Note at ``path`` when ``other`` cannot run what was chosen for ``default``, or not as well."""
    if (other.processor, other.architecture) != (default.processor, default.architecture):
        notes.refuse(
            path,
            f"{other.name} ({other.processor}, {other.architecture}) cannot run the image chosen for "
            f"{default.name} ({default.processor}, {default.architecture})",
            "allow types of one kind",
        )
    elif other.accelerators != default.accelerators:
        notes.warn(
            path,
            f"{other.name} has {other.accelerators} accelerators, {default.name} has {default.accelerators}: "
            "the container's tensor parallelism is set for the latter",
            "allow types with as many accelerators",
        )


def _runs_the_same(default: Instance, other: Instance) -> bool:
    if (other.processor, other.architecture, other.neuron_sdk) != (
        default.processor,
        default.architecture,
        default.neuron_sdk,
    ):
        return False
    if not other.regions or other.burstable or other.memory_gib < default.memory_gib:
        return False
    if default.processor == "cpu":
        # bigger is fine to a point; the storage question must not change
        return (
            default.vcpus <= other.vcpus <= 4 * default.vcpus
            and other.memory_gib <= 8 * default.memory_gib
            and other.has_local_nvme == default.has_local_nvme
        )
    from cfgen.resolve.image import _AMI_FAMILIES

    return (
        other.accelerators == default.accelerators
        and other.neuron_cores == default.neuron_cores
        and other.accelerator_memory_gib >= default.accelerator_memory_gib
        and (other.compute_capability or 0) >= (default.compute_capability or 0)
        and (other.family in _AMI_FAMILIES) == (default.family in _AMI_FAMILIES)
    )


def as_choices(instances: tuple[Instance, ...], regions: tuple[str, ...]) -> tuple[InstanceChoice, ...]:
    """The choices with the regions, of those given, that host them; a type hosted in none of them is left out."""
    rows = []
    for instance in instances:
        hosted = tuple(region for region in regions if region in instance.regions)
        if hosted:
            rows.append(InstanceChoice(instance.name, hosted, instance.has_local_nvme))
    return tuple(rows)


def region_groups(
    rows: tuple[InstanceChoice, ...], regions: tuple[str, ...], prefix: str = ""
) -> tuple[RegionGroup, ...]:
    """Choices that are not hosted everywhere in ``regions``, grouped by where they are: one rule a group.

    ``prefix`` begins the rules' logical ids.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row.regions != regions:
            groups.setdefault(row.regions, []).append(row.name)
    return tuple(
        _group(f"{prefix}InstanceTypeIsHosted{number}", tuple(names), hosted, regions)
        for number, (hosted, names) in enumerate(groups.items(), 1)
    )


def _group(
    identity: str, names: tuple[str, ...], hosted: tuple[str, ...], regions: tuple[str, ...]
) -> RegionGroup:
    others = tuple(region for region in regions if region not in hosted)
    return RegionGroup(identity, names, *((hosted, True) if len(hosted) <= len(others) else (others, False)))


def storage_of(rows: Sequence[InstanceChoice]) -> str:
    """``all``, ``none`` or ``some``: how many of the choices have local NVMe storage."""
    with_local = sum(row.local_storage for row in rows)
    return "none" if not with_local else "all" if with_local == len(rows) else "some"
