"""``model`` → the Model plan: image, environment, token, data and isolation of a container, or a model package."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from cfgen.catalogue import Catalogue, Instance
from cfgen.resolve import containers
from cfgen.resolve.collector import Collector
from cfgen.resolve.container_kinds import Processor
from cfgen.resolve.environment import check_environment
from cfgen.resolve.image import ChosenImage, choose_image
from cfgen.resolve.repositories import hub_models
from cfgen.resolve.stack import BuildPlan, ImagePlan, Invocation, ModelPlan, S3Data, TokenPlan
from cfgen.spec.model import ContainerModel, CustomInferenceModel, ModelPackageModel

if TYPE_CHECKING:
    from cfgen.resolve.sizing_options import Sizing

DEFAULT_BODY = {"inputs": "Hello"}


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """A model plan and what the rest of the stack needs to know of it. Times in seconds.

    ``example``: a request the endpoint surely answers, or None when that depends on the model.
    """

    plan: ModelPlan
    image: ChosenImage | None
    build: BuildPlan | None
    example: object | None
    content_type: str
    startup_timeout: int
    download_timeout: int | None
    reaches_hub: bool


def plan_package(model: ModelPackageModel, notes: Collector, catalogue: Catalogue) -> PlannedModel:
    """A model package: an ARN a region, isolated, with no environment (API reference: CreateModel)."""
    packages = []
    for region, package in sorted(model.packages.items()):
        path = f"model.packages.{region}"
        parts = package.arn.split(":")
        if region not in catalogue.regions:
            notes.refuse(
                path, f"{region} is not a region known to the catalogue", "see `cfgen catalog regions`"
            )
            continue
        if parts[3] != region:
            notes.refuse(f"{path}.arn", f"lies in {parts[3]}, not in {region}", f"give the ARN in {region}")
        partition = catalogue.region(region).partition
        if parts[1] != partition:
            notes.refuse(
                f"{path}.arn", f"is of partition {parts[1]}; {region} is in {partition}", f"arn:{partition}:…"
            )
        packages.append((region, package.arn))
    if notes.spec.data.security.network_isolation is False:
        notes.refuse("security.networkIsolation", "a model package runs isolated", "leave the key out")
    name = next(iter(model.packages.values())).arn.rpartition("model-package/")[2].split("/")[0]
    title = model.description or f"model package {name}"
    plan = ModelPlan("model-package", title, None, tuple(packages), (), None, None, True)
    return PlannedModel(plan, None, None, None, "application/json", 600, 1200, False)


def plan_container(
    model: ContainerModel | CustomInferenceModel,
    instance: Instance,
    catalogue: Catalogue,
    notes: Collector,
    sizing: Sizing | None = None,
) -> PlannedModel:
    """A container and what it serves; ``sizing``: how ``instance`` was chosen, and what is known of the model.

    Raises Stop when no image can be chosen.
    """
    custom = isinstance(model, CustomInferenceModel)
    data = None if custom else _data(cast(ContainerModel, model), notes)
    built = custom or cast(ContainerModel, model).staging == "s3"
    image = choose_image(model.container, instance, catalogue, notes)
    kind = containers.kind(image.family, image.version)
    repositories = hub_models(model)
    _check_source(model, kind, built, data, notes)
    _check_pins(model, notes)
    processor = cast(Processor, instance.processor)
    request = containers.ContainerRequest(
        family=image.family,
        version=image.version,
        model_id=repositories[0].id if len(repositories) == 1 else None,
        revision=repositories[0].revision if len(repositories) == 1 else None,
        accelerators=instance.accelerators,
        processor=processor,
        compute_capability=instance.compute_capability,
        neuron_cores=instance.neuron_cores,
        vcpus=instance.vcpus,
        context_length=notes.spec.data.endpoint.context,
        task=model.task,
        staged=built or data is not None,
        code=custom,
        token=model.token_secret is not None and not built,
        sized=_sized_for(sizing),
        dtype_given=bool(kind.dtype_variable) and kind.dtype_variable in model.env,
    )
    for text in containers.refusals(request):
        notes.refuse("model.container", text)
    for text in containers.warnings(request):
        notes.warn("model.container", text)
    token = _token(model, kind, built, data, notes, gated=sizing is not None and bool(sizing.facts.gated))
    isolated = notes.spec.data.security.network_isolation is True
    reaches_hub = bool(repositories) and not built and data is None
    if reaches_hub and isolated:
        notes.refuse(
            "security.networkIsolation",
            "an isolated container cannot fetch its model from the hub",
            "stage it (staging: s3), or leave isolation off",
        )
    environment = containers.environment(request) | dict(model.env)
    check_environment(environment, model.env, token, notes)
    build = _build(model, notes) if built and repositories else None
    if build is None and notes.spec.data.build is not None:
        notes.refuse(
            "build", "is of no use: nothing is built", "leave it out, or stage the model (staging: s3)"
        )
    staged = built or data is not None
    if sizing is not None and sizing.facts.weight_bytes is not None:
        download, startup = containers.timeouts(sizing.facts.weight_bytes / 1e9, processor, staged, 8)
    else:
        download, startup = _timeouts([one.id for one in repositories], processor, staged)
    plan = ModelPlan(
        model.type,
        _title(model, [one.id for one in repositories], kind.title or image.label),
        ImagePlan(tuple(sorted(image.accounts.items())), image.repository, image.reference, image.label),
        (),
        tuple(environment.items()),
        token,
        data,
        isolated,
        from_hub=reaches_hub,
    )
    example = None if custom else containers.example_body(image.family, request.model_id, image.version)
    fetched = download if data or build else None
    return PlannedModel(plan, image, build, example, kind.content_type, startup, fetched, reaches_hub)


def _sized_for(sizing: Sizing | None) -> containers.SizedFor | None:
    option = sizing.choice if sizing else None
    if sizing is None or option is None:
        return None
    facts, load = sizing.facts, sizing.wanted.load
    return containers.SizedFor(option.fit.split, facts.attention_heads, option.fit.dtype, load.context)


def _build(model: ContainerModel | CustomInferenceModel, notes: Collector) -> BuildPlan:
    from cfgen.resolve.build import plan_build

    return plan_build(model, notes)


def _timeouts(models: list[str], processor: Processor, staged: bool) -> tuple[int, int]:
    """Seconds to fetch from S3 and to start, for all models of an endpoint together."""
    sizes = [containers.estimated_parameters(one) for one in models]
    known = [size for size in sizes if size is not None]
    total = sum(known) if known and len(known) == len(sizes) else None
    bits = max((containers.estimated_bits(one) for one in models), default=16)
    return containers.timeouts(total, processor, staged, bits)


def _title(model: ContainerModel | CustomInferenceModel, names: list[str], software: str) -> str:
    if model.description:
        return model.description
    if not names:
        return software
    shown = names[0] if len(names) == 1 else f"{len(names)} models"
    return (
        f"{shown} with code of its own"
        if isinstance(model, CustomInferenceModel)
        else f"{shown} on {software}"
    )


def _check_source(
    model: ContainerModel | CustomInferenceModel,
    kind: containers.ContainerKind,
    built: bool,
    data: S3Data | None,
    notes: Collector,
) -> None:
    if isinstance(model, CustomInferenceModel):
        if not kind.program_variable and kind.name != "custom":
            notes.refuse(
                "model.container", f"{kind.title or kind.name} runs no code of yours", "such as huggingface"
            )
        return
    if model.model_id and data:
        notes.refuse("model.modelData", "stands beside modelId; the container loads one of them", "keep one")
    if built and not model.model_id:
        notes.refuse("model.staging", "there is nothing to copy to S3", "give modelId")
    named = model.model_id or data or kind.model_variable in model.env
    if kind.needs_hub_at_start and not named:
        notes.refuse(
            "model", f"says not what {kind.title or kind.name} is to serve", "give modelId or modelData"
        )
    if model.model_id and kind.name != "custom" and not kind.model_variable and not built:
        notes.refuse(
            "model.modelId",
            f"{kind.title or kind.name} does not load models from the hub",
            "give modelData: an S3 URI, or staging: s3",
        )


def _check_pins(model: ContainerModel | CustomInferenceModel, notes: Collector) -> None:
    given = model.model_id
    if isinstance(given, list):
        if model.revision is not None:
            notes.refuse(
                "model.revision",
                "pins one repository; there are several",
                "write {id: …, revision: …} for each",
            )
        ids = [one if isinstance(one, str) else one.id for one in given]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            notes.refuse("model.modelId", f"{twice} stands there twice", "keep one")
    for number, one in enumerate(hub_models(model)):
        if one.revision is None:
            notes.warn(
                f"model.modelId.{number}" if isinstance(given, list) else "model.modelId",
                f"{one.id} is not pinned: what is served is what the hub has when it is fetched",
                "give revision: a commit",
            )


def _token(
    model: ContainerModel | CustomInferenceModel,
    kind: containers.ContainerKind,
    built: bool,
    data: S3Data | None,
    notes: Collector,
    *,
    gated: bool,
) -> TokenPlan | None:
    if data is not None:
        if model.token_secret:
            notes.refuse("model.tokenSecret", "is of no use: the model's files are in S3", "leave it out")
        return None
    if not model.token_secret:
        for one in hub_models(model):
            if model.gated or (model.gated is None and (gated or containers.is_known_gated(one.id))):
                notes.refuse(
                    "model.modelId",
                    f"{one.id} is gated on the hub: a token is needed",
                    "give tokenSecret: a Secrets Manager secret (or gated: false if that is wrong)",
                )
        return None
    secret, _, key = model.token_secret.partition("::")
    token = TokenPlan(kind.token_variable or "HF_TOKEN", secret, key)
    if built:
        if key:
            notes.refuse(
                "model.tokenSecret",
                "the build takes a secret's text, or the first value of a JSON secret, not one by key",
                f"give {secret} alone, with the token as its text or first value",
            )
        return replace(token, variable="")
    if not cast(ContainerModel, model).allow_token_in_environment:
        notes.refuse(
            "model.tokenSecret",
            "the container fetches the model itself, so its environment would hold the token, which anyone who may "
            "describe the model can read",
            "copy the model to S3 (staging: s3), or accept it with allowTokenInEnvironment: true",
        )
        return None
    notes.warn(
        "model.tokenSecret",
        "whoever may call sagemaker:DescribeModel on this model reads the hub token",
        "use a token that can only read this model",
    )
    return token


def _data(model: ContainerModel, notes: Collector) -> S3Data | None:
    if model.model_data is None:
        return None
    if model.staging == "s3":
        notes.refuse("model.staging", "the model's files are in S3 already", "leave it out")
    if not model.model_data.endswith(("/", ".tar.gz")):
        notes.refuse(
            "model.modelData", "is neither an archive nor a prefix", "end it in .tar.gz or in a slash"
        )
    bucket, _, key = model.model_data.removeprefix("s3://").partition("/")
    return S3Data(bucket, key, key.endswith(".tar.gz"))


def invocation_of(body: str, content_type: str, target_model: str = "") -> Invocation:
    """An example request with the AWS CLI's options for it (version 2, POSIX shell)."""
    target = f" --target-model {shlex.quote(target_model)}" if target_model else ""
    options = (
        f"{target} --content-type {content_type} --cli-binary-format raw-in-base64-out"
        f" --body {shlex.quote(body)} /dev/stdout"
    )
    upload = f"printf %s {shlex.quote(body)} | aws s3 cp - "
    return Invocation(
        body, content_type, options, upload, f" --content-type {content_type} --input-location "
    )


def as_text(body: object) -> str:
    """A request's body as text: text as it is, anything else as JSON."""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=True)
