"""``model`` → the Model plan: environment, token, data and isolation of a container, or a model package."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import cast

from cfgen.catalogue import Catalogue, Instance
from cfgen.resolve import containers
from cfgen.resolve.collector import Collector
from cfgen.resolve.container_kinds import Processor
from cfgen.resolve.image import ChosenImage, choose_image
from cfgen.resolve.stack import ImagePlan, Invocation, ModelPlan, S3Data, TokenPlan
from cfgen.spec.model import ContainerModel, ModelPackageModel

MAX_ENVIRONMENT_ENTRIES = 100
MAX_ENVIRONMENT_VALUE = 1024
MAX_ENVIRONMENT_BYTES = 32 * 1024
"""Environment limits of ContainerDefinition (API reference); values in bytes."""
_SECRET_LIKE = ("hf_", "AKIA", "ASIA", "sk-", "ghp_", "github_pat_", "xoxb-")


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """A model plan and what the rest of the stack needs to know of it. Times in seconds."""

    plan: ModelPlan
    image: ChosenImage | None
    invocation: Invocation
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
    return PlannedModel(plan, None, invocation_of({"inputs": "Hello"}, "application/json"), 600, 1200, False)


def plan_container(
    model: ContainerModel, instance: Instance, catalogue: Catalogue, notes: Collector
) -> PlannedModel:
    """A container and what it serves. Raises Stop when no image can be chosen."""
    image = choose_image(model.container, instance, catalogue, notes)
    kind = containers.kind(image.family)
    processor = cast("Processor", instance.processor)
    isolated = notes.spec.data.security.network_isolation is True
    _check_source(model, kind, notes)
    token = _token(model, kind, notes)
    request = containers.ContainerRequest(
        family=image.family,
        version=image.version,
        model_id=model.model_id,
        revision=model.revision,
        accelerators=instance.accelerators,
        processor=processor,
        compute_capability=instance.compute_capability,
        neuron_cores=instance.neuron_cores,
        vcpus=instance.vcpus,
        context_length=notes.spec.data.endpoint.context,
        task=model.task,
        staged=model.model_data is not None,
        code=False,
        token=token is not None,
    )
    for text in containers.warnings(request):
        notes.warn("model", text)
    reaches_hub = model.model_id is not None and model.model_data is None
    if reaches_hub and isolated:
        notes.refuse(
            "security.networkIsolation",
            "an isolated container cannot fetch its model from the hub",
            "stage the model to S3 (modelData), or leave isolation off",
        )
    if reaches_hub and model.revision is None and "@" not in (model.model_id or ""):
        notes.warn(
            "model.modelId",
            "is not pinned: each instance serves what the hub has when it starts",
            "give revision: a commit",
        )
    environment = containers.environment(request) | dict(model.env)
    _check_environment(environment, model, token, notes)
    billions = containers.estimated_parameters(model.model_id) if model.model_id else None
    download, startup = containers.timeouts(billions, processor, model.model_data is not None)
    data = _data(model)
    title = _title(model, image, kind)
    plan = ModelPlan(
        "container",
        title,
        ImagePlan(tuple(sorted(image.accounts.items())), image.repository, image.reference, image.label),
        (),
        tuple(environment.items()),
        token,
        data,
        isolated,
    )
    body, content_type = kind.body or {"inputs": "Hello"}, kind.content_type
    return PlannedModel(
        plan, image, invocation_of(body, content_type), startup, download if data else None, reaches_hub
    )


def _title(model: ContainerModel, image: ChosenImage, kind: containers.ContainerKind) -> str:
    software = kind.title or image.label
    if model.description:
        return model.description
    return f"{model.model_id} on {software}" if model.model_id else software


def _check_source(model: ContainerModel, kind: containers.ContainerKind, notes: Collector) -> None:
    if model.staging == "s3":
        notes.refuse("model.staging", "copying a model to S3 is not supported yet", "use hub, or modelData")
    if model.model_id and model.model_data:
        notes.refuse("model.modelData", "stands beside modelId; the container loads one of them", "keep one")
    if model.model_data and not model.model_data.endswith(("/", ".tar.gz")):
        notes.refuse(
            "model.modelData", "is neither an archive nor a prefix", "end it in .tar.gz or in a slash"
        )
    if kind.needs_hub_at_start and not (
        model.model_id or model.model_data or kind.model_variable in model.env
    ):
        notes.refuse(
            "model", f"says not what {kind.title or kind.name} is to serve", "give modelId or modelData"
        )
    if model.model_id and kind.name and not kind.model_variable and kind.name != "custom":
        notes.refuse(
            "model.modelId",
            f"{kind.title or kind.name} does not load models from the hub",
            "give modelData: an S3 URI",
        )


def _token(model: ContainerModel, kind: containers.ContainerKind, notes: Collector) -> TokenPlan | None:
    gated = model.gated
    if gated is None and model.model_id and not model.token_secret:
        gated = containers.is_known_gated(model.model_id)
    if model.model_data is not None:
        if model.token_secret:
            notes.refuse("model.tokenSecret", "is of no use: the model's files are in S3", "leave it out")
        return None
    if gated and not model.token_secret:
        notes.refuse(
            "model.modelId",
            f"{model.model_id} is gated on the hub: a token is needed",
            "give tokenSecret: a Secrets Manager secret (or gated: false if that is wrong)",
        )
    if not model.token_secret:
        return None
    if not model.allow_token_in_environment:
        notes.refuse(
            "model.tokenSecret",
            "the container fetches the model itself, so its environment would hold the token, which anyone who may "
            "describe the model can read",
            "put the model's files into S3 (modelData), or accept it with allowTokenInEnvironment: true",
        )
        return None
    notes.warn(
        "model.tokenSecret",
        "whoever may call sagemaker:DescribeModel on this model reads the hub token",
        "use a token that can only read this model",
    )
    secret, _, key = model.token_secret.partition("::")
    return TokenPlan(kind.token_variable or "HF_TOKEN", secret, key)


def _data(model: ContainerModel) -> S3Data | None:
    if model.model_data is None:
        return None
    bucket, _, key = model.model_data.removeprefix("s3://").partition("/")
    return S3Data(bucket, key, key.endswith(".tar.gz"))


def _check_environment(
    environment: dict[str, str], model: ContainerModel, token: TokenPlan | None, notes: Collector
) -> None:
    count = len(environment) + (token is not None)
    if count > MAX_ENVIRONMENT_ENTRIES:
        notes.refuse(
            "model.env", f"with cfgen's own makes {count} entries", f"at most {MAX_ENVIRONMENT_ENTRIES}"
        )
    total = 0
    for name, value in environment.items():
        size = len(value.encode())
        total += size + len(name.encode())
        if size > MAX_ENVIRONMENT_VALUE:
            notes.refuse(f"model.env.{name}", f"has {size:,} bytes", f"at most {MAX_ENVIRONMENT_VALUE:,}")
        if value.startswith(_SECRET_LIKE) and len(value) > 12:
            notes.refuse(
                f"model.env.{name}",
                "looks like a secret, and a template is read by many",
                "put it into Secrets Manager and name it as tokenSecret",
            )
    if total > MAX_ENVIRONMENT_BYTES:
        notes.refuse("model.env", f"has {total:,} bytes in all", f"at most {MAX_ENVIRONMENT_BYTES:,}")
    if token is not None and token.variable in model.env:
        notes.refuse(
            f"model.env.{token.variable}", "stands beside tokenSecret, which sets it", "keep tokenSecret"
        )


def invocation_of(body: object, content_type: str) -> Invocation:
    """An example request with the AWS CLI's options for it (version 2, POSIX shell)."""
    text = json.dumps(body, ensure_ascii=True)
    options = (
        f" --content-type {content_type} --cli-binary-format raw-in-base64-out"
        f" --body {shlex.quote(text)} /dev/stdout"
    )
    return Invocation(text, content_type, options)
