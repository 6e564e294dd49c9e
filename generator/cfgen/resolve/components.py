"""``components`` → for each its spec as it would be alone, on its share of an instance; and how many instances.

Sources: Amazon SageMaker, "Deploy models with inference components", API reference (InferenceComponentSpecification,
InferenceComponentComputeResourceRequirements, ProductionVariantManagedInstanceScaling, InvokeEndpointAsync).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfgen.catalogue import Catalogue, Instance
from cfgen.resolve import instances as types
from cfgen.resolve.collector import Collector
from cfgen.resolve.plans.endpoint import ManagedPlan
from cfgen.resolve.variants import changed_model, word_of
from cfgen.spec.features.components import Component
from cfgen.spec.features.variants import VariantModel
from cfgen.spec.model import ContainerModel, CustomInferenceModel, Model
from cfgen.spec.schema import SpecData

MIN_MEMORY = 1024
"""MB of host memory that are kept for a copy when the spec names none: what can be kept is much less than an instance
has, and a copy may take more than is kept for it."""
LORA: Mapping[str, Mapping[str, str]] = {
    # LMI: vLLM engine configurations. vLLM's own image: Model Hosting Container Standards, "LoRA Adapter Management"
    "djl-lmi": {"OPTION_ENABLE_LORA": "true"},
    "vllm": {"SM_VLLM_ENABLE_LORA": "true", "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True"},
}
"""Containers that load adapters as SageMaker tells them to, and what switches that on; by family."""
NOT_BESIDE = (
    ("variants", "variants", "one variant holds all components"),
    ("serverless", "serverless", "components share instances, and serverless has none"),
    ("asynchronous", "async", "an asynchronous request cannot name a component"),
    ("scaling", "scaling", "copies of components scale, not instances"),
)
"""Field, key and why it does not go together with components."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a copy takes of an instance: accelerators, CPU cores, memory in MB."""

    accelerators: int
    cpus: float
    memory: int


@dataclass(frozen=True, slots=True)
class Share:
    """A component as a spec of its own. ``word`` begins its logical ids; ``slice`` is its part of ``whole``."""

    asked: Component
    path: str
    word: str
    notes: Collector
    whole: Instance
    slice: Instance
    need: Need

    @property
    def copies(self) -> int:
        """How many at first."""
        least = self.asked.scaling.min if self.asked.scaling else None
        return self.asked.copies or max(1, least or 1)

    @property
    def most(self) -> int:
        """How many it may come to."""
        return max(self.copies, self.asked.scaling.max if self.asked.scaling else 0)

    @property
    def model(self) -> Model:
        """What it serves."""
        return self.notes.spec.data.model


def shares(catalogue: Catalogue, notes: Collector) -> Iterator[Share]:
    """Each component that has a model, in order; notes what does not fit together. Raises Stop without an instance."""
    data = notes.spec.data
    asked = data.components or []
    _check(data, asked, notes)
    whole = types.chosen_instance(data.endpoint.instance_type, "endpoint.instanceType", catalogue, notes)
    for index, one in enumerate(asked):
        if one.base is not None or one.adapter is not None:
            continue
        path = f"components.{index}"
        spec, places = _applied(data, one, path, notes)
        view = notes.view(replace(notes.spec, data=spec), places)
        need = need_of(one, whole)
        _check_need(one, need, whole, path, notes)
        yield Share(one, path, word_of(one.name), view, whole, _slice(whole, need), need)


def need_of(one: Component, whole: Instance) -> Need:
    """What a copy takes of an instance like ``whole``."""
    accelerators = one.accelerators if one.accelerators is not None else min(1, whole.accelerators)
    cpus = one.cpus if one.cpus is not None else (0.0 if whole.accelerators else 1.0)
    memory = one.min_memory or min(MIN_MEMORY, one.max_memory or MIN_MEMORY)
    return Need(accelerators, cpus, memory)


def instances_for(needs: list[tuple[Need, int]], whole: Instance) -> int:
    """How many instances hold all copies, the largest placed first; each copy must fit an empty one."""
    free: list[Need] = []
    copies = [need for need, count in needs for _ in range(count)]
    for need in sorted(copies, key=lambda n: (n.accelerators, n.memory, n.cpus), reverse=True):
        for index, room in enumerate(free):
            if _fits(need, room):
                free[index] = _less(room, need)
                break
        else:
            free.append(_less(_room(whole), need))
    return len(free)


def plan_managed(parts: tuple[Share, ...], notes: Collector) -> ManagedPlan | None:
    """Bounds of the number of instances, where copies scale or the spec has bounds; notes copies without room."""
    endpoint = notes.spec.data.endpoint
    asked, whole = endpoint.managed_instance_scaling, parts[0].whole
    first = [(part.need, part.copies) for part in parts]
    at_first = instances_for(first, whole)
    scales = any(part.asked.scaling for part in parts)
    if asked is None and not scales:
        if at_first > endpoint.instance_count:
            notes.refuse(
                "endpoint.instanceCount",
                f"is {endpoint.instance_count}; the copies of all components need {at_first} × {whole.name}",
                f"at least {at_first}, or fewer copies",
            )
        else:
            _check_room(parts, endpoint.instance_count, notes)
        return None
    most = [(part.need, part.most) for part in parts]
    at_most = max(instances_for(most, whole), endpoint.instance_count)
    to_zero = all(part.asked.scaling is not None and part.asked.scaling.min == 0 for part in parts)
    minimum = asked.min if asked and asked.min is not None else int(not to_zero)
    maximum = asked.max if asked and asked.max is not None else at_most
    if minimum == 0 and not to_zero:
        notes.refuse(
            "endpoint.managedInstanceScaling.min",
            "is 0, and a component keeps a copy",
            "give every component scaling with min: 0, or keep an instance",
        )
    if minimum > endpoint.instance_count:
        notes.refuse(
            "endpoint.managedInstanceScaling.min",
            f"is {minimum}, and the endpoint begins with {endpoint.instance_count}",
            f"set endpoint.instanceCount to at least {minimum}",
        )
    if maximum < max(minimum, endpoint.instance_count, at_first):
        notes.refuse(
            "endpoint.managedInstanceScaling.max",
            f"is {maximum}; the least number is {minimum}, the endpoint begins with {endpoint.instance_count}, and the "
            f"first copies need {at_first}",
            f"at least {max(minimum, endpoint.instance_count, at_first)}",
        )
    elif maximum < at_most:
        notes.warn(
            "endpoint.managedInstanceScaling.max",
            f"is {maximum}; the most copies of all components at once need {at_most} × {whole.name}",
        )
    else:
        _check_room(parts, maximum, notes)
    scale_in = (asked.scale_in if asked else None) or ""
    return ManagedPlan(minimum, maximum, scale_in.upper().replace("-", "_"))


def _check_room(parts: tuple[Share, ...], most: int, notes: Collector) -> None:
    """Note components whose new copy finds no room beside the old ones on ``most`` instances: updates fail then."""
    first = [(part.need, part.copies) for part in parts]
    for part in parts:
        if instances_for([*first, (part.need, 1)], part.whole) > most:
            notes.warn(
                part.path,
                f"cannot be updated: a new copy comes before the old one goes, and {most} × {part.whole.name} have no "
                "room for it",
                "endpoint.managedInstanceScaling with a higher max, more instances, or smaller shares",
            )


def _room(whole: Instance) -> Need:
    return Need(whole.accelerators, float(whole.vcpus), int(whole.memory_gib * 1024))


def _fits(need: Need, room: Need) -> bool:
    return need.accelerators <= room.accelerators and need.cpus <= room.cpus and need.memory <= room.memory


def _less(room: Need, need: Need) -> Need:
    return Need(room.accelerators - need.accelerators, room.cpus - need.cpus, room.memory - need.memory)


def _slice(whole: Instance, need: Need) -> Instance:
    """The instance that a copy sees: its own accelerators and no others."""
    if not need.accelerators:
        return replace(whole, accelerator=None, accelerators=0, accelerator_memory_gib=0.0, neuron_cores=0)
    cores = whole.neuron_cores * need.accelerators // max(1, whole.accelerators)
    return replace(whole, accelerators=need.accelerators, neuron_cores=cores)


def _check(data: SpecData, asked: list[Component], notes: Collector) -> None:
    for field, key, why in NOT_BESIDE:
        if getattr(data, field) is not None:
            fix = "give components scaling" if key == "scaling" else "leave one of the two out"
            notes.refuse(key, f"stands beside components: {why}", fix)
    if data.endpoint.instance_pools:
        notes.refuse(
            "endpoint.instancePools", "stand beside components, which are sized for one type", "name one type"
        )
    if data.data_capture is not None:
        notes.warn(
            "dataCapture", "SageMaker's documentation does not say that requests to components are captured"
        )
    words: dict[str, str] = {}
    for index, one in enumerate(asked):
        path = f"components.{index}"
        before = words.setdefault(word_of(one.name).lower(), one.name)
        if before is not one.name or [two.name for two in asked].index(one.name) != index:
            notes.refuse(f"{path}.name", f"{one.name} is too like {before}", "give each a name of its own")
        if one.base is not None or one.adapter is not None:
            _check_adapter(one, path, asked, notes)
    if all(one.base is not None or one.adapter is not None for one in asked):
        notes.refuse("components", "are adapters, all of them", "add the component that they change")


def _check_adapter(one: Component, path: str, asked: list[Component], notes: Collector) -> None:
    if one.base is None:
        notes.refuse(
            f"{path}.base", "is required for an adapter", "the name of the component that it changes"
        )
    elif one.adapter is None:
        notes.refuse(
            f"{path}.adapter", "is required beside base", "the s3:// URI of LoRA weights in a .tar.gz"
        )
    base = next((two for two in asked if two.name == one.base), None)
    if one.base is not None and (base is None or base is one):
        names = ", ".join(two.name for two in asked if two.base is None and two.adapter is None)
        notes.refuse(f"{path}.base", f"{one.base} is no other component", f"one of {names}")
    elif base is not None and (base.base is not None or base.adapter is not None):
        notes.refuse(f"{path}.base", f"{one.base} is an adapter itself", "name the component with the model")
    for key in one.model_dump(by_alias=True, exclude_none=True):
        if key not in ("name", "base", "adapter", "smokeTest"):
            notes.refuse(
                f"{path}.{key}", "an adapter uses what its base has", "leave it out, or say it of the base"
            )


def _check_need(one: Component, need: Need, whole: Instance, path: str, notes: Collector) -> None:
    room = _room(whole)
    if need.accelerators > room.accelerators:
        has = f"{room.accelerators} accelerators" if room.accelerators else "no accelerators"
        notes.refuse(
            f"{path}.accelerators",
            f"{need.accelerators} for a copy; {whole.name} has {has}",
            "a copy stands on one instance: fewer, or a larger type",
        )
    if need.cpus > room.cpus:
        notes.refuse(f"{path}.cpus", f"{need.cpus:g} for a copy; {whole.name} has {room.cpus:g}", "fewer")
    if need.memory > room.memory:
        notes.refuse(
            f"{path}.minMemoryInMB",
            f"{need.memory:,} MB for a copy; {whole.name} has {room.memory:,}",
            "much less: SageMaker keeps a part of the memory for itself",
        )
    if one.max_memory is not None and one.min_memory is not None and one.max_memory < one.min_memory:
        notes.refuse(
            f"{path}.maxMemoryInMB", f"is less than minMemoryInMB, {one.min_memory:,}", "at least as much"
        )
    scaling = one.scaling
    if scaling is None:
        return
    minimum = 1 if scaling.min is None else scaling.min
    if minimum > scaling.max:
        notes.refuse(f"{path}.scaling.max", f"is less than the minimum, {minimum}", f"at least {minimum}")
    if one.copies is not None and one.copies > scaling.max:
        notes.refuse(f"{path}.copies", f"is {one.copies}, more than scaling.max", f"at most {scaling.max}")
    if one.copies is not None and one.copies < minimum:
        notes.refuse(f"{path}.copies", f"is {one.copies}, less than scaling.min", f"at least {minimum}")
    if scaling.metric in ("backlog", "provisioned-concurrency"):
        notes.refuse(
            f"{path}.scaling.metric",
            f"is {scaling.metric}, which says nothing about a component",
            "choose concurrency or invocations",
        )


def _applied(data: SpecData, one: Component, path: str, notes: Collector) -> tuple[SpecData, dict[str, str]]:
    """The spec with what the component says put in, and where in the file that stands."""
    places: dict[str, str] = {}
    endpoint: dict[str, Any] = {}
    for field, key in (
        ("context", "context"),
        ("startup_health_check_timeout", "startupHealthCheckTimeout"),
        ("model_data_download_timeout", "modelDataDownloadTimeout"),
    ):
        if (value := getattr(one, field)) is not None:
            endpoint[field] = value
            places[f"endpoint.{key}"] = f"{path}.{key}"
    changed: dict[str, Any] = {"endpoint": data.endpoint.model_copy(update=endpoint)}
    if isinstance(one.model, VariantModel):
        update = changed_model(data, one.model, f"{path}.model", places, notes)
        changed["model"] = data.model.model_copy(update=update)
    elif one.model is not None:
        changed["model"] = one.model
        places["model"] = f"{path}.model"
    if one.smoke_test is not None:
        changed["smoke_test"] = one.smoke_test
        places["smokeTest"] = f"{path}.smokeTest"
    model = changed.get("model", data.model)
    if not isinstance(model, ContainerModel | CustomInferenceModel):
        notes.refuse(
            f"{path}.model" if "model" in places else "model.type",
            f"is {model.type}, which is not served as a component",
            "choose container or custom-inference",
        )
    elif isinstance(model, ContainerModel):
        if model.mode == "multi-model":
            notes.refuse("model.mode", "is multi-model: a component serves one model", "leave it out")
        if any(two.base == one.name for two in data.components or ()):
            changed["model"] = _with_lora(model, one, path, notes)
    return data.model_copy(update=changed), places


def _with_lora(model: ContainerModel, one: Component, path: str, notes: Collector) -> ContainerModel:
    """The model of a component that has adapters, with that switched on; notes a container that loads none."""
    family = model.container.partition(":")[0]
    if "/" in family:
        notes.warn(
            f"{path}.name",
            f"has adapters: the image of {one.name} must load them when SageMaker tells it to",
        )
        return model
    if family not in LORA:
        notes.refuse(
            f"{path}.name",
            f"has adapters, and {family} cannot load them while it runs",
            f"serve it with {' or '.join(sorted(LORA))}",
        )
    return model.model_copy(update={"env": {**LORA.get(family, {}), **model.env}})
