"""Spec + catalogue → Stack. Takes the decisions in order and intersects the regions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cfgen import __version__
from cfgen.catalogue import Catalogue, Instance
from cfgen.resolve import instances as types
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.image import inference_ami
from cfgen.resolve.model import (
    DEFAULT_BODY,
    PlannedModel,
    as_text,
    invocation_of,
    plan_container,
    plan_package,
)
from cfgen.resolve.network import plan_network
from cfgen.resolve.stack import (
    EndpointPlan,
    InstanceChoice,
    Invocation,
    ModelPlan,
    RolePlan,
    SmokePlan,
    Stack,
    VpcPlan,
)
from cfgen.spec import Spec
from cfgen.spec.model import ModelPackageModel
from cfgen.spec.sections import RETENTION_DAYS

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""The management console's domain by partition; other partitions' are not public."""
MAX_DESCRIPTION = 1024
"""Bytes of a template's Description (CloudFormation quotas)."""
TWO_ZONES = frozenset({"us-west-1"})
"""Regions where most accounts see only two availability zones (AWS global infrastructure)."""
PYTHON_RUNTIME = "python3.13"
"""Runtime of the template's functions, offered in every region (Lambda runtimes)."""


def resolve(spec: Spec, catalogue: Catalogue) -> Stack:
    """Take every decision. Raises ResolveError with all that stands in the way."""
    notes = Collector(spec)
    try:
        return _resolve(spec, catalogue, notes)
    except Stop:
        notes.check()
        raise AssertionError("stopped without a problem") from None


def _resolve(spec: Spec, catalogue: Catalogue, notes: Collector) -> Stack:
    data = spec.data
    if data.logs.retention_days not in RETENTION_DAYS:
        near = min(RETENTION_DAYS, key=lambda days: abs(days - data.logs.retention_days))
        notes.refuse(
            "logs.retentionDays",
            f"{data.logs.retention_days} is not one of CloudWatch Logs' steps",
            f"such as {near}",
        )
    default = types.chosen_instance(data.endpoint.instance_type, "endpoint.instanceType", catalogue, notes)
    if isinstance(data.model, ModelPackageModel):
        planned = plan_package(data.model, notes, catalogue)
        # what a package supports is not public: only what the spec names
        offered = (
            types.choices(default, catalogue, notes) if data.endpoint.allowed_instance_types else (default,)
        )
    else:
        planned = plan_container(data.model, default, catalogue, notes)
        offered = types.choices(default, catalogue, notes)
    smoke = _smoke(planned, notes)
    network = plan_network(notes, reaches_hub=planned.reaches_hub)
    regions = _regions(planned, catalogue, network, notes)
    rows = types.as_choices(offered, regions)
    hosted = tuple(region for region in regions if any(region in row.regions for row in rows))
    home = tuple(region for region in hosted if region in default.regions)
    if not home:
        notes.refuse("endpoint.instanceType", *_nowhere(default, regions, planned))
    notes.check()
    rows = types.as_choices(offered, hosted)
    endpoint = _endpoint(planned, default, rows, hosted, notes)
    notes.check()
    partitions = sorted({catalogue.region(region).partition for region in hosted})
    return Stack(
        name=data.name,
        description=_description(spec, planned),
        parts=_parts(planned, network, smoke),
        regions=hosted,
        home_regions=home,
        consoles=tuple((p, _CONSOLES[p]) for p in partitions)
        if all(p in _CONSOLES for p in partitions)
        else (),
        model=_only_where_hosted(planned.plan, hosted),
        endpoint=endpoint,
        build=planned.build,
        smoke=smoke,
        role=RolePlan(
            data.security.execution_role_arn or "",
            data.security.permissions_boundary or "",
            data.security.role_path,
        ),
        vpc=network,
        retention_days=data.logs.retention_days,
        python_runtime=PYTHON_RUNTIME,
        tags=tuple(data.tags.items()),
        invocation=_invocation(planned, smoke),
        version=__version__,
        warnings=tuple(str(warning) for warning in notes.warnings),
    )


def _regions(
    planned: PlannedModel, catalogue: Catalogue, network: VpcPlan, notes: Collector
) -> tuple[str, ...]:
    """Regions that have the image or package and every resource type, narrowed by the spec's own list."""
    source: Iterable[str] = planned.image.accounts if planned.image else dict(planned.plan.packages)
    able = {
        name
        for name in source
        if name in catalogue.regions and (catalogue.region(name).sagemaker or catalogue.region(name).unsure)
    }
    if planned.build:
        able = {name for name in able if catalogue.region(name).codebuild}
    if network.zones > 2:
        able -= TWO_ZONES
    if network.interface_endpoints:
        # service names differ in other partitions (AWS PrivateLink: services that integrate)
        able = {name for name in able if catalogue.region(name).partition in {"aws", "aws-us-gov"}}
    wanted = notes.spec.data.regions
    for index, region in enumerate(wanted or ()):
        path = f"regions.{index}"
        if region not in catalogue.regions:
            notes.refuse(
                path, f"{region} is not a region known to the catalogue", "see `cfgen catalog regions`"
            )
        elif region not in able:
            what = planned.image.label if planned.image else "the model package"
            notes.refuse(path, f"{what} cannot be served in {region}", "leave the region out")
    if wanted:
        able &= set(wanted)
    for index, region in enumerate(wanted or ()):
        if region in able and catalogue.region(region).unsure:
            notes.warn(
                f"regions.{index}", f"CloudFormation's schemas lack endpoints in {region}; prices have them"
            )
    return tuple(sorted(able))


def _only_where_hosted(plan: ModelPlan, regions: tuple[str, ...]) -> ModelPlan:
    """Mappings need no rows for regions that the Rules refuse."""
    packages = tuple(row for row in plan.packages if row[0] in regions)
    image = plan.image
    if image is not None:
        image = replace(image, accounts=tuple(row for row in image.accounts if row[0] in regions))
    return replace(plan, packages=packages, image=image)


def _nowhere(default: Instance, regions: tuple[str, ...], planned: PlannedModel) -> tuple[str, str]:
    what = planned.image.label if planned.image else "the model package"
    if not regions:
        return f"no region is left where {what} can be served", "widen regions"
    hosts = ", ".join(sorted(default.regions)[:6])
    return (
        f"{default.name} is hosted in none of the {len(regions)} regions that have {what}",
        f"choose another type; {default.name} is hosted in {hosts}",
    )


def _endpoint(
    planned: PlannedModel,
    default: Instance,
    rows: tuple[InstanceChoice, ...],
    regions: tuple[str, ...],
    notes: Collector,
) -> EndpointPlan:
    asked, security = notes.spec.data.endpoint, notes.spec.data.security
    storage = types.storage_of(rows)
    volume = asked.volume_size
    if volume and storage == "all":
        notes.refuse(
            "endpoint.volumeSize",
            f"{default.name} has local NVMe storage, which takes no size",
            "leave it out",
        )
    on_local = security.volume_kms_key_on_local_storage
    if security.volume_kms_key and storage == "all" and not on_local:
        notes.refuse(
            "security.volumeKmsKey",
            f"{default.name} has local NVMe storage, which the key does not encrypt (it is encrypted by its hardware)",
            "leave it out, or insist with volumeKmsKeyOnLocalStorage: true",
        )
    if on_local and storage != "none":
        notes.warn(
            "security.volumeKmsKeyOnLocalStorage",
            "the key does not encrypt local NVMe storage, and SageMaker's documentation of before June 2026 says the "
            "call fails",
        )
    cuda = planned.image.cuda if planned.image else None
    return EndpointPlan(
        instance_type=default.name,
        choices=rows,
        region_groups=types.region_groups(rows, regions),
        instance_count=asked.instance_count,
        variant_name=asked.variant_name,
        startup_health_check_timeout=asked.startup_health_check_timeout or planned.startup_timeout,
        model_data_download_timeout=asked.model_data_download_timeout or planned.download_timeout,
        volume_size=volume,
        inference_ami_version=asked.inference_ami_version or inference_ami(cuda, default),
        storage=storage,
        key_on_local_storage=on_local,
        volume_kms_key=security.volume_kms_key or "",
        artifact_kms_key=security.artifact_kms_key or "",
    )


def _smoke(planned: PlannedModel, notes: Collector) -> SmokePlan | None:
    """The request to prove the endpoint with; None when switched off, or when nobody knows what it answers."""
    asked = notes.spec.data.smoke_test
    body = planned.example if asked.body is None else asked.body
    if not asked.enabled:
        return None
    if body is None:
        if notes.spec.data.model.type == "custom-inference":
            notes.refuse(
                "smokeTest",
                "what code of yours answers is not known",
                "give smokeTest.body, or enabled: false",
            )
        return None
    text = as_text(body)
    if "{{resolve:" in text:
        notes.refuse("smokeTest.body", "'{{resolve:' is refused here", "leave it out")
    if len(text) > 3000:
        notes.refuse("smokeTest.body", f"has {len(text):,} characters", "at most 3,000")
    return SmokePlan(
        text, asked.content_type if asked.body is not None else planned.content_type, asked.timeout
    )


def _invocation(planned: PlannedModel, smoke: SmokePlan | None) -> Invocation:
    if smoke is not None:
        return invocation_of(smoke.body, smoke.content_type)
    return invocation_of(as_text(planned.example or DEFAULT_BODY), planned.content_type)


def _parts(planned: PlannedModel, network: VpcPlan, smoke: SmokePlan | None) -> tuple[str, ...]:
    plan = planned.plan
    parts = ["model", "endpoint", "packages" if plan.packages else "image"]
    if planned.build:
        parts.append("build")
    if plan.data:
        parts.append("data")
    if plan.token:
        parts.append("token")
    if network.mode != "none":
        parts.append("existing-vpc" if network.mode == "existing" else "created-vpc")
    if network.own_group:
        parts.append("interfaces")
    parts.append("role")
    if smoke:
        parts.append("smoke-test")
    return (*parts, "logs")


def _description(spec: Spec, planned: PlannedModel) -> str:
    text = spec.data.description or f"Amazon SageMaker endpoint: {planned.plan.title}"
    while len(text.encode()) > MAX_DESCRIPTION:
        text = text[:-1]
    return text
