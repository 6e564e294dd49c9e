"""Which instance types serve a model: every type of the catalogue, with its fit or the reason against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cfgen.catalogue import Catalogue, Image, Instance, Price, UnknownFamily, UnknownVersion
from cfgen.errors import CfgenError
from cfgen.models.facts import ModelFacts
from cfgen.resolve.container_kinds import ContainerKind
from cfgen.resolve.container_table import kind
from cfgen.resolve.sizing import Fit, Load, Misfit, fit

CONTEXT, CONCURRENCY = 8192, 4
"""What is served when nothing is asked: this many tokens (or the model's own, if less) for so many requests."""
UNNAMED_CONTEXT = 2048
"""The context of a model that names no limit (transformers: what the older types' code has as its default)."""


class SizingError(CfgenError):
    """A model that cannot be sized, or that nothing fits. ``path``: the key of a spec that it is about."""

    def __init__(self, message: str, *, hint: str = "", path: str = "endpoint.instanceType") -> None:
        self.path = path
        super().__init__(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of an instance type. ``container``: family or family:version, empty for what suits the model;
    ``regions``: it must be hosted in all of them; ``max_price``: USD an hour and instance; ``embeds``: no text is
    generated, whatever the model could; ``only``: these types alone."""

    load: Load
    container: str = ""
    regions: tuple[str, ...] = ()
    max_price: float | None = None
    volume_gib: int | None = None
    embeds: bool = False
    only: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """An instance type that fits, what an hour costs (None: not known), and where it can serve."""

    instance: Instance
    fit: Fit
    price: Price | None
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """An instance type that does not, and why."""

    name: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sizing:
    """All instance types for a model: ``options`` cheapest first (unknown prices last), ``rejected`` by name."""

    facts: ModelFacts
    container: str
    wanted: Wanted
    options: tuple[Option, ...]
    rejected: tuple[Rejected, ...]

    @property
    def choice(self) -> Option | None:
        """The cheapest; None when nothing fits whose price is known."""
        return self.options[0] if self.options and self.options[0].price else None


def load_of(facts: ModelFacts, context: int | None, concurrency: int | None) -> Load:
    """What is to be served at once, with cfgen's own choice for what is not asked. Raises SizingError."""
    longest = facts.context
    if context is not None and longest is not None and context > longest:
        if facts.kind == "decoder":
            raise SizingError(
                f"{facts.id} serves {longest:,} tokens at most, {context:,} are asked for",
                hint=f"Ask for a context of {longest:,} or less.",
                path="endpoint.context",
            )
        context = longest
    return Load(context or min(CONTEXT, longest or UNNAMED_CONTEXT), concurrency or CONCURRENCY)


def size(facts: ModelFacts, catalogue: Catalogue, wanted: Wanted) -> Sizing:
    """Judge every instance type. Raises SizingError for a model that cannot be sized, UnknownRegion, UnknownFamily,
    UnknownVersion."""
    container = wanted.container or ("tei" if facts.embeds or facts.kind == "encoder" else "vllm")
    _check_model(facts, container)
    for region in wanted.regions:
        catalogue.region(region)
    family, _, version = container.partition(":")
    images = _images(catalogue, family, version or None)
    found: list[Option] = []
    rejected: list[Rejected] = []
    for instance in catalogue.instances.values():
        judged = _judged(facts, instance, catalogue, wanted, images)
        if isinstance(judged, Misfit):
            rejected.append(Rejected(instance.name, judged.what, judged.reason))
        else:
            found.append(judged)
    found.sort(key=lambda one: (one.price is None, one.price.hourly if one.price else 0.0, one.instance.name))
    return Sizing(facts, container, wanted, tuple(found), tuple(rejected))


def _check_model(facts: ModelFacts, container: str) -> None:
    if "/" in container or ".dkr.ecr" in container:
        raise SizingError("what an image of your own needs is not known", hint="Name an instance type.")
    if facts.weight_format == "gguf":
        raise SizingError(f"{facts.id} holds GGUF files, which are not sized", hint="Name an instance type.")
    if facts.kind == "unknown" or facts.served_bytes is None:
        why = facts.why_unknown or "there are no weights to be weighed"
        raise SizingError(f"{facts.id} cannot be sized: {why}", hint="Name an instance type.")


Images = Callable[[Instance], "tuple[Image, ContainerKind] | Misfit"]


def _images(catalogue: Catalogue, family: str, version: str | None) -> Images:
    """For an instance type the container's image and what is known of it, or why there is none.

    Raises UnknownFamily, UnknownVersion when there is none for any.
    """
    known: dict[tuple[str, str], tuple[Image, ContainerKind] | Misfit] = {}
    errors: list[CfgenError] = []

    def look(instance: Instance) -> tuple[Image, ContainerKind] | Misfit:
        key = instance.processor, instance.architecture
        if key not in known:
            try:
                image = catalogue.image(family, version, *key)
                known[key] = image, kind(image.family, image.version)
            except CfgenError as error:
                errors.append(error)
                known[key] = Misfit("image", error.message)
        return known[key]

    for instance in catalogue.instances.values():
        look(instance)
    if errors and all(isinstance(one, Misfit) for one in known.values()):
        raise next((one for one in errors if isinstance(one, (UnknownFamily, UnknownVersion))), errors[0])
    return look


def _judged(
    facts: ModelFacts, instance: Instance, catalogue: Catalogue, wanted: Wanted, images: Images
) -> Option | Misfit:
    if wanted.only is not None and instance.name not in wanted.only:
        return Misfit("asked", "it is not among the allowed types")
    if instance.burstable:
        return Misfit("processor", "it is burstable: it slows down once its credits are used up")
    found = images(instance)
    if isinstance(found, Misfit):
        return found
    image, row = found
    capability = instance.compute_capability
    if capability is not None and not row.least_capability <= capability <= row.most_capability:
        return Misfit("gpu", f"{row.title} {image.version} has no program for its {instance.accelerator}")
    embeds = facts.embeds or wanted.embeds or facts.kind == "encoder"
    if row.serves == "embedding" and not embeds:
        raise SizingError(
            f"{row.title} serves embeddings; {facts.id} generates text",
            path="model.container",
            hint="Such as vllm.",
        )
    hosted = tuple(sorted(instance.regions & image.regions))
    if missing := [region for region in wanted.regions if region not in image.regions]:
        return Misfit("image", f"{image.family} {image.version} is not in {', '.join(missing)}")
    if missing := [region for region in wanted.regions if region not in hosted]:
        return Misfit("region", f"it is not hosted in {', '.join(missing)}")
    if not hosted:
        return Misfit("region", f"no region that has {image.family} hosts it")
    judged = fit(
        facts,
        instance,
        wanted.load,
        keeps_tokens=not embeds,
        splits=bool(row.tensor_parallel_variable),
        volume_gib=wanted.volume_gib,
    )
    if isinstance(judged, Misfit):
        return judged
    price = catalogue.price(instance.name)
    if wanted.max_price is not None:
        if price is None:
            return Misfit("price", "its price is not known")
        if price.hourly > wanted.max_price:
            return Misfit("price", f"it costs more than {wanted.max_price:g} USD an hour")
    return Option(instance, judged, price, tuple(wanted.regions) or hosted)
