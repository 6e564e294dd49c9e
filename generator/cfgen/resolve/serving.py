"""Which models are served, by which variants, on which instances: one served model a variant.

A variant that overrides something is resolved as a spec of its own, in a view of the notes that knows where in
the file its values stand. Logical ids: the first has the plain ones, the others begin with their name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cfgen.catalogue import Catalogue, Instance
from cfgen.resolve import instances as types
from cfgen.resolve.capacity import first_of_pools, plan_pools, plan_routing, pool_instances
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.components import Share, plan_managed, shares
from cfgen.resolve.image import inference_ami
from cfgen.resolve.license import check_license
from cfgen.resolve.model import PlannedModel, plan_container, plan_package
from cfgen.resolve.multi_model import as_multi_model
from cfgen.resolve.serverless import plan_serverless, stand_in
from cfgen.resolve.sizing_auto import check_asked, pick
from cfgen.resolve.stack import BuildPlan, EndpointPlan, ImagePlan, InstancesPlan, ModelPlan, VariantPlan
from cfgen.resolve.variants import Alone, alone
from cfgen.spec.model import ContainerModel, CustomInferenceModel, JumpStartModel, ModelPackageModel

if TYPE_CHECKING:
    from cfgen.resolve.sizing_options import Sizing


@dataclass(frozen=True, slots=True)
class Served:
    """A variant-to-be: its model, its instance type, and the types a launcher may choose instead.

    ``sizing``: how the type was chosen, where the spec says auto.
    ``notes``: the view in which its part of the spec is looked at. ``prefix`` begins its logical ids. ``offered`` is
    empty without instances; with pools they are all taken. ``asked``: what it is among several variants. ``share``:
    what it is among several inference components, which share one variant.
    """

    name: str
    prefix: str
    notes: Collector
    planned: PlannedModel
    default: Instance
    offered: tuple[Instance, ...]
    sizing: Sizing | None = None
    asked: Alone | None = None
    share: Share | None = None

    @property
    def shadow(self) -> bool:
        """Whether it answers nobody."""
        return self.asked is not None and self.asked.asked.shadow

    def hosted(self, regions: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``regions`` where it can stand: with one of the offered types, or with those of all pools.

        Without instances: where prices tell of hosting on what it runs on.
        """
        if not self.offered:
            return tuple(region for region in regions if region in self.default.regions)
        able = all if self.notes.spec.data.endpoint.instance_pools else any
        return tuple(region for region in regions if able(region in one.regions for one in self.offered))


def serve(catalogue: Catalogue, notes: Collector) -> tuple[Served, ...]:
    """What the spec asks to be served. Raises Stop after noting what stands in the way."""
    check_asked(notes)
    if notes.spec.data.components:
        return _components(catalogue, notes)
    if notes.spec.data.endpoint.managed_instance_scaling:
        notes.refuse(
            "endpoint.managedInstanceScaling",
            "is for inference components",
            "leave it out, or give components",
        )
    if not notes.spec.data.variants:
        return (_served(notes.spec.data.endpoint.variant_name, "", catalogue, notes),)
    served, failed = [], None
    for one in alone(notes):
        try:
            variant = _served(one.asked.name, one.prefix, catalogue, one.notes)
            served.append(replace(variant, asked=one))
        except Stop as stop:
            failed = stop
    if failed:
        raise failed
    return tuple(served)


def _components(catalogue: Catalogue, notes: Collector) -> tuple[Served, ...]:
    """The components with models of their own, each on its share of the same instances."""
    served, failed = [], None
    for share in shares(catalogue, notes):
        if not isinstance(share.model, ContainerModel | CustomInferenceModel):
            continue
        check_license(share.notes)
        try:
            planned = plan_container(share.model, share.slice, catalogue, share.notes)
            offered = types.choices(share.whole, catalogue, notes)
        except Stop as stop:
            failed = stop
            continue
        served.append(
            Served(share.asked.name, share.word, share.notes, planned, share.whole, offered, share=share)
        )
    if failed or not served:
        raise failed or Stop
    return tuple(served)


def _served(name: str, prefix: str, catalogue: Catalogue, notes: Collector) -> Served:
    check_license(notes)
    if notes.spec.data.serverless is not None:
        notes = stand_in(notes)
        served = _on(name, prefix, catalogue, notes)
        return replace(served, offered=())
    if notes.spec.data.endpoint.instance_pools:
        served = _on(name, prefix, catalogue, first_of_pools(notes))
        return replace(served, offered=pool_instances(served.default, catalogue, notes))
    return _on(name, prefix, catalogue, notes)


def _on(name: str, prefix: str, catalogue: Catalogue, notes: Collector) -> Served:
    data = notes.spec.data
    if isinstance(data.model, JumpStartModel):
        from cfgen.resolve.jumpstart import plan_jumpstart

        return Served(name, prefix, notes, *plan_jumpstart(data.model, catalogue, notes))
    default, sizing = pick(catalogue, notes)
    if isinstance(data.model, ModelPackageModel):
        planned = plan_package(data.model, notes, catalogue)
        # what a package supports is not public: only what the spec names
        named = data.endpoint.allowed_instance_types
        offered = types.choices(default, catalogue, notes) if named else (default,)
    else:
        planned = plan_container(data.model, default, catalogue, notes, sizing)
        planned = as_multi_model(planned, default, notes)
        offered = types.choices(default, catalogue, notes)
    if sizing is not None:
        # what a launcher chooses instead must hold the load, and cost no more than the spec allows
        fitting = {one.instance.name for one in sizing.options}
        offered = tuple(instance for instance in offered if instance.name in fitting)
    return Served(name, prefix, notes, planned, default, offered, sizing)


def plan_models(served: tuple[Served, ...], regions: tuple[str, ...]) -> tuple[ModelPlan, ...]:
    """The Model of each variant, with its logical ids; in the mappings only ``regions``, which the Rules allow.

    Variants that serve the same have the same model. One token a stack; images with the same accounts share a
    mapping.
    """
    models: list[ModelPlan] = []
    mappings: dict[object, str] = {}
    builds: dict[str, BuildPlan] = {}
    for one in served:
        plan = replace(one.planned.plan, build=_build(one, builds))
        by_url = plan.mode == "multi-model" or one.notes.spec.data.serverless is not None
        plan = replace(plan, by_url=by_url)
        packages = tuple(row for row in plan.packages if row[0] in regions)
        image = plan.image and _narrowed(plan.image, regions, mappings)
        plan = replace(plan, packages=packages, image=image)
        same = next((known for known in models if _same(known, plan)), None)
        models.append(same or _named(plan, one.prefix))
    secrets = {model.token.secret for model in models if model.token}
    if len(secrets) > 1:
        served[0].notes.refuse(
            "model.tokenSecret", "differs between the models of one stack", "give one token that reads all"
        )
    return tuple(models)


def _build(one: Served, builds: dict[str, BuildPlan]) -> BuildPlan | None:
    """The build of a variant's files; ``builds`` has those before it, by content, which it shares.

    A variant's own content has a key of its own: the same content under another resource is another artifact, since
    each resource removes its artifact when it goes.
    """
    build = one.planned.build
    if build is None or not one.prefix:
        return build and builds.setdefault(build.key, build)
    key = hashlib.sha256(f"{one.prefix} {build.key}".encode()).hexdigest()[:20]
    return builds.setdefault(build.key, replace(build, key=key, id=key[:12], prefix=one.prefix))


def _narrowed(image: ImagePlan, regions: tuple[str, ...], mappings: dict[object, str]) -> ImagePlan:
    accounts = tuple(row for row in image.accounts if row[0] in regions)
    references = tuple(row for row in image.references if row[0] in regions)
    number = len(mappings) + 1
    name = "ImageRegistry" if number == 1 else f"ImageRegistry{number}"
    mapping = mappings.setdefault((accounts, references), name)
    return replace(image, accounts=accounts, references=references, mapping=mapping)


def _named(plan: ModelPlan, prefix: str) -> ModelPlan:
    data = plan.data and replace(
        plan.data, bucket_parameter=f"{prefix}ModelDataBucket", key_parameter=f"{prefix}ModelDataKey"
    )
    jumpstart = plan.jumpstart and replace(plan.jumpstart, prefix=prefix)
    return replace(
        plan, id=f"{prefix}Model", packages_mapping=f"{prefix}ModelPackages", data=data, jumpstart=jumpstart
    )


def _same(known: ModelPlan, plan: ModelPlan) -> bool:
    """Whether the two are one model; logical ids and titles aside. Not if each follows a parameter of its own."""
    if plan.jumpstart and plan.jumpstart.types:
        return False
    return _named(replace(known, title=""), "") == _named(replace(plan, title=""), "")


def plan_endpoint(
    served: tuple[Served, ...], models: tuple[ModelPlan, ...], regions: tuple[str, ...], notes: Collector
) -> EndpointPlan:
    """EndpointConfig and Endpoint: a variant for each of ``served``, with the model beside it in ``models``."""
    security = notes.spec.data.security
    if notes.spec.data.components:
        variants: tuple[VariantPlan, ...] = (_shared_variant(served, regions, notes),)
    else:
        variants = tuple(_variant(one, model, regions) for one, model in zip(served, models, strict=True))
    on_local = security.volume_kms_key_on_local_storage
    for one, variant in zip(served, variants, strict=False):
        storage = variant.instances.storage if variant.instances else "none"
        if security.volume_kms_key and storage == "all" and not on_local:
            notes.refuse(
                "security.volumeKmsKey",
                f"{one.default.name} has local NVMe storage, which the key does not encrypt (it is encrypted by its "
                "hardware)",
                "leave it out, or insist with volumeKmsKeyOnLocalStorage: true",
            )
        if on_local and storage != "none":
            notes.warn(
                "security.volumeKmsKeyOnLocalStorage",
                "the key does not encrypt local NVMe storage, and SageMaker's documentation of before June 2026 says "
                "the call fails",
            )
    return EndpointPlan(
        variants=tuple(sorted(variants, key=lambda one: one.shadow)),
        startup_health_check_timeout=max(
            one.notes.spec.data.endpoint.startup_health_check_timeout or one.planned.startup_timeout
            for one in served
        ),
        key_on_local_storage=on_local,
    )


def _variant(one: Served, model: ModelPlan, regions: tuple[str, ...]) -> VariantPlan:
    asked = one.notes.spec.data.endpoint
    serverless = plan_serverless(one.notes)
    download = asked.model_data_download_timeout or one.planned.download_timeout
    return VariantPlan(
        name=one.name,
        model=model.id,
        instances=None if serverless else _instances(one, regions),
        model_data_download_timeout=None if serverless or model.mode == "multi-model" else download,
        weight=one.asked.asked.weight if one.asked else 1,
        weight_parameter=f"{one.asked.word}Weight" if one.asked else "",
        shadow=one.shadow,
        serverless=serverless,
    )


def _shared_variant(served: tuple[Served, ...], regions: tuple[str, ...], notes: Collector) -> VariantPlan:
    """The variant of all components: it has no model, and the driver that the newest CUDA among them needs."""
    newest = max(served, key=_cuda)
    instances = _instances(replace(newest, prefix="", notes=notes), regions)
    managed = plan_managed(tuple(one.share for one in served if one.share), notes)
    return VariantPlan(
        name=notes.spec.data.endpoint.variant_name,
        model=None,
        instances=replace(instances, managed=managed),
        model_data_download_timeout=None,
    )


def _cuda(one: Served) -> tuple[int, ...]:
    cuda = one.planned.image.cuda if one.planned.image else None
    return tuple(int(number) for number in cuda.split(".")) if cuda else ()


def _reason(sizing: Sizing | None) -> str:
    """Why cfgen chose the type, where it did."""
    if sizing is None:
        return ""
    from cfgen.resolve.sizing_words import summary

    return summary(sizing)


def _instances(one: Served, regions: tuple[str, ...]) -> InstancesPlan:
    asked = one.notes.spec.data.endpoint
    rows = types.as_choices(one.offered, regions)
    storage = types.storage_of(rows)
    pools = plan_pools(one.notes)
    if pools and storage == "some":
        # each pool takes the volume of all, and no launcher's choice could tell them apart
        storage = "all"
    if asked.volume_size and storage == "all":
        one.notes.refuse(
            "endpoint.volumeSize",
            f"{one.default.name} has local NVMe storage, which takes no size",
            "leave it out",
        )
    cuda = one.planned.image.cuda if one.planned.image else None
    drivers = {inference_ami(cuda, instance) for instance in one.offered} if pools else set()
    if len(drivers) > 1 and not asked.inference_ami_version:
        one.notes.refuse(
            "endpoint.instancePools",
            "need machine images with different drivers: " + ", ".join(sorted(str(each) for each in drivers)),
            "name types of like families, or give inferenceAmiVersion",
        )
    return InstancesPlan(
        type=one.default.name,
        count=asked.instance_count,
        choices=rows,
        region_groups=() if pools else types.region_groups(rows, regions, one.prefix),
        storage=storage,
        volume_size=asked.volume_size,
        inference_ami_version=asked.inference_ami_version or inference_ami(cuda, one.default),
        type_parameter=f"{one.prefix}InstanceType",
        count_parameter=f"{one.prefix}InstanceCount",
        local_storage=f"{one.prefix}HasLocalStorage",
        reason=_reason(one.sizing),
        pools=pools,
        provision_timeout=asked.provision_timeout,
        capacity_reservation=asked.capacity_reservation or "",
        reservation_parameter=f"{one.prefix}CapacityReservationArn",
        routing=plan_routing(one.notes),
    )
