"""``model.type: jumpstart`` → the Model plan: files, licence, image and environment as AWS lists them.

One template serves every region: bucket and image follow the region; environment and the image's tag follow the
instance type that a launcher picks. Only types may be picked that run the same image, but for its tag.
"""

from __future__ import annotations

import re
from typing import cast

from cfgen.catalogue import Catalogue, Instance
from cfgen.catalogue.errors import CatalogueError, UnknownJumpStartVersion
from cfgen.catalogue.jumpstart import JumpStart, JumpStartImage, Release, load
from cfgen.catalogue.versions import cuda_in_tag
from cfgen.resolve import containers
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.container_kinds import Processor
from cfgen.resolve.environment import check_environment
from cfgen.resolve.image import ChosenImage
from cfgen.resolve.jumpstart_instances import allowed, default_instance
from cfgen.resolve.jumpstart_sizes import parameters
from cfgen.resolve.model import PlannedModel
from cfgen.resolve.plans.common import Pairs
from cfgen.resolve.plans.jumpstart import UNSET, JumpStartPlan, Varying
from cfgen.resolve.plans.model import ImagePlan, ModelPlan
from cfgen.spec.model import JumpStartModel

Planned = tuple[PlannedModel, Instance, tuple[Instance, ...]]
# servers that answer {"inputs": …} whatever the model; in older images the answer is up to the model's own code
_TEXT_SERVERS = re.compile(r"huggingface-pytorch-tgi-inference:|djl-inference:.*-lmi")
_TEXT_TASKS = re.compile(r"(huggingface-(llm|textgeneration\d*)|meta-textgeneration|deepseek-llm)-")


def plan_jumpstart(model: JumpStartModel, catalogue: Catalogue, notes: Collector) -> Planned:
    """The model, its instance type and those that may be picked instead. Raises Stop when it cannot be served."""
    listed = load()
    release = _release(model, listed, notes)
    _check_licence(model, release, notes)
    default = default_instance(release, catalogue, notes)
    image = release.image(default.name)
    if image is not None and default.architecture != "x86_64":
        image = None  # AWS lists Graviton families with images that are built for x86_64
    if image is None:
        notes.refuse(
            "endpoint.instanceType",
            f"{release.model_id} {release.version} has no image for {default.family} instances",
            f"take one that AWS lists for it: {', '.join(release.instance_types)}",
        )
        raise Stop
    offered = allowed(release, image, default, catalogue, notes)
    tags = _tags(release, offered)
    chosen, references = _image(image, listed, by_type=bool(tags))
    environment = {**release.environment_on(default.name), **model.env}
    varying = _varying(release, offered, model)
    # a variable that only other types have stands last, as if it came from their variant
    environment |= {one.name: UNSET for one in varying if one.name not in environment}
    check_environment(environment, model.env, None, notes)
    if notes.spec.data.build is not None:
        notes.refuse("build", "is of no use: JumpStart's files are in S3 already", "leave it out")
    billions = parameters(release.model_id)
    bits = containers.estimated_bits(release.model_id)
    download, startup = containers.timeouts(billions, cast(Processor, default.processor), True, bits)
    plan = ModelPlan(
        kind="jumpstart",
        title=model.description or f"JumpStart model {release.model_id} {release.version}",
        image=ImagePlan(
            tuple(sorted(chosen.accounts.items())),
            chosen.repository,
            chosen.reference,
            chosen.label,
            references=references,
        ),
        packages=(),
        environment=tuple(environment.items()),
        token=None,
        data=None,
        network_isolation=_isolated(release, notes),
        jumpstart=JumpStartPlan(
            release.model_id,
            release.version,
            release.bucket,
            release.key,
            release.key.endswith(".tar.gz"),
            release.gated,
            release.eula_url,
            varying,
            tags,
        ),
    )
    example = _example(release, image, environment)
    planned = PlannedModel(plan, chosen, None, example, "application/json", startup, download, False)
    return planned, default, offered


def _release(model: JumpStartModel, listed: JumpStart, notes: Collector) -> Release:
    try:
        release = listed.release(model.model_id, model.version)
        newest = listed.newest(model.model_id)
    except CatalogueError as error:
        path = "model.version" if isinstance(error, UnknownJumpStartVersion) else "model.modelId"
        raise notes.stop(path, error) from error
    name = f"{release.model_id} {release.version}"
    if release.packages:
        region, arn = next(iter(release.packages.items()))
        notes.refuse(
            "model.version",
            f"{name} is a model package, not files",
            f"write type: model-package with packages: {{{region}: {{arn: {arn}}}, …}} "
            f"(`cfgen catalog models {release.model_id} --format json` has all), or leave version out",
        )
        raise Stop
    if not release.usable:
        notes.refuse(
            "model.version",
            f"{name} lists no image to serve it with",
            f"{listed.release(model.model_id).version} is the newest that does; leave version out",
        )
        raise Stop
    if not model.version:
        notes.warn(
            "model.modelId",
            f"no version is given: {release.version} is taken, the newest"
            + (f" with an image ({newest.version} lists none)" if newest.version != release.version else ""),
            f'pin it with version: "{release.version}"',
        )
    if release.deprecated:
        notes.warn("model.version", f"{name} is deprecated by AWS", "take another version or model")
    if release.vulnerable:
        notes.warn("model.version", f"AWS lists vulnerabilities in the software of {name}")
    return release


def _check_licence(model: JumpStartModel, release: Release, notes: Collector) -> None:
    if release.eula and not model.accept_eula:
        notes.refuse(
            "model.acceptEula",
            f"{release.model_id} is served only to those who accept its licence",
            f"read {release.eula_url} and, if you accept it, write acceptEula: true",
        )
    if model.accept_eula and not release.eula:
        notes.warn("model.acceptEula", f"{release.model_id} has no licence to accept here", "leave it out")


def _isolated(release: Release, notes: Collector) -> bool:
    """As the spec says, else as AWS says, else isolated: the files are complete, nothing is to be fetched."""
    asked = notes.spec.data.security.network_isolation
    if asked is not None:
        return asked
    return True if release.isolated is None else release.isolated


def _tags(release: Release, offered: tuple[Instance, ...]) -> Pairs:
    """Instance type → reference of its image; nothing when it is one for all."""
    names = {one.name: image.name for one in offered if (image := release.image(one.name))}
    pairs = tuple((kind, f":{name.partition(':')[2]}") for kind, name in names.items())
    return pairs if len(set(names.values())) > 1 else ()


def _image(image: JumpStartImage, listed: JumpStart, *, by_type: bool) -> tuple[ChosenImage, Pairs]:
    """The image with its account in each region, and its tag in each where they differ.

    ``by_type``: it follows the instance type, so that no inference AMI can be told.
    """
    repository, _, tag = image.name.partition(":")
    where = {
        region: (account, name.partition(":")[2])
        for region, (account, name) in sorted(image.in_region.items())
        if region in listed.regions and name.partition(":")[0] == repository
    }
    tags = {name for _, name in where.values()}
    chosen = ChosenImage(
        family="",
        version="",
        repository=repository,
        reference=f":{tag}",
        accounts={region: account for region, (account, _) in where.items()},
        cuda=None if by_type else cuda_in_tag(tag),
        neuron_sdk="neuronx" if "neuronx" in image.name else None,
    )
    return chosen, tuple((region, f":{name}") for region, (_, name) in where.items()) if len(tags) > 1 else ()


def _varying(release: Release, offered: tuple[Instance, ...], model: JumpStartModel) -> tuple[Varying, ...]:
    """Variables that are not the same on every type on offer; the spec's own are."""
    by_type = {one.name: release.environment_on(one.name) for one in offered}
    names = dict.fromkeys(name for environment in by_type.values() for name in environment)
    found = []
    for name in names:
        values = tuple((kind, environment.get(name, UNSET)) for kind, environment in by_type.items())
        if name not in model.env and len({value for _, value in values}) > 1:
            found.append(Varying(name, "".join(word.capitalize() for word in name.split("_")), values))
    return tuple(found)


def _example(release: Release, image: JumpStartImage, environment: dict[str, str]) -> object | None:
    """A request that text generation surely answers; what other models answer is up to their own code."""
    if (
        _TEXT_TASKS.match(release.model_id)
        and _TEXT_SERVERS.match(image.name)
        and "HF_MODEL_ID" in environment
    ):
        return {"inputs": "Hello", "parameters": {"max_new_tokens": 16}}
    return None
