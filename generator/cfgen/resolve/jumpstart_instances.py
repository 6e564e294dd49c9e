"""Which instance types a JumpStart model is served on: those AWS lists for it, as far as they are hosted."""

from __future__ import annotations

from cfgen.catalogue import Catalogue, Instance
from cfgen.catalogue.jumpstart import JumpStartImage, Release
from cfgen.catalogue.versions import cuda_in_tag
from cfgen.resolve import instances as types
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.image import inference_ami


def default_instance(release: Release, catalogue: Catalogue, notes: Collector) -> Instance:
    """The spec's type; with ``auto``, AWS's default, or the nearest listed type when that is hosted nowhere."""
    endpoint = notes.spec.data.endpoint
    given = {"context": endpoint.context, "concurrency": endpoint.concurrency, "maxPrice": endpoint.max_price}
    for key in (key for key, value in given.items() if value is not None):
        notes.refuse(
            f"endpoint.{key}",
            "is of no use: a JumpStart model is served as AWS lists it",
            "leave it out; model.env changes the container's settings",
        )
    asked = endpoint.instance_type
    if asked != "auto":
        instance = types.chosen_instance(asked, "endpoint.instanceType", catalogue, notes)
        if asked not in release.instance_types:
            kinds = {
                catalogue.instances[name].processor
                for name in release.instance_types
                if _is_hosted(name, catalogue)
            }
            if kinds and instance.processor not in kinds:
                notes.refuse(
                    "endpoint.instanceType",
                    f"{release.model_id} is not made for {instance.processor} instances",
                    f"take one that AWS lists for it: {', '.join(release.instance_types)}",
                )
                raise Stop
            notes.warn(
                "endpoint.instanceType",
                f"AWS does not list {asked} for {release.model_id}",
                f"its types: {', '.join(release.instance_types)}",
            )
        return instance
    hosted = [catalogue.instances[name] for name in release.instance_types if _is_hosted(name, catalogue)]
    default = next((one for one in hosted if one.name == release.instance_type), None)
    if default is not None:
        return default
    if not hosted:
        notes.refuse(
            "endpoint.instanceType",
            f"no type that AWS lists for {release.model_id} is hosted: {', '.join(release.instance_types)}",
            "name another instance type",
        )
        raise Stop
    # retired types are all NVIDIA GPUs; the list goes from the nearest to the furthest
    best = min(hosted, key=lambda one: (one.processor != "gpu", one.accelerators))
    notes.warn(
        "endpoint.instanceType",
        f"{release.instance_type}, AWS's default for {release.model_id}, is hosted in no region any more: "
        f"{best.name} is taken",
        f"name one of {', '.join(one.name for one in hosted)}",
    )
    return best


def allowed(
    release: Release, image: JumpStartImage, default: Instance, catalogue: Catalogue, notes: Collector
) -> tuple[Instance, ...]:
    """The types a launcher may pick, the default first: those listed that run the same image in the same way."""
    named = notes.spec.data.endpoint.allowed_instance_types
    if named is None:
        listed = [catalogue.instances[name] for name in release.instance_types if _is_hosted(name, catalogue)]
        return (default, *(one for one in listed if one != default and _alike(release, image, default, one)))
    found = [default]
    for index, name in enumerate(named):
        path = f"endpoint.allowedInstanceTypes.{index}"
        try:
            instance = types.chosen_instance(name, path, catalogue, notes)
        except Stop:
            continue
        if not _alike(release, image, default, instance):
            notes.refuse(
                path,
                f"{name} does not run the image chosen for {default.name}",
                "make a spec of its own for it, or allow types of one kind",
            )
        elif instance not in found:
            found.append(instance)
    return tuple(found)


def _alike(release: Release, image: JumpStartImage, default: Instance, other: Instance) -> bool:
    """Whether the template for ``default`` serves on ``other`` too: architecture, image and inference AMI.

    The image may have another tag, where its repository and accounts are the same.
    """
    theirs = release.image(other.name)
    if theirs is None or (other.architecture, other.neuron_sdk) != (default.architecture, default.neuron_sdk):
        return False
    if theirs == image:
        cuda = cuda_in_tag(image.name)
        return other.processor == default.processor and inference_ami(cuda, other) == inference_ami(
            cuda, default
        )
    return (
        len(theirs.choices) == len(image.choices) == 1
        and theirs.name.partition(":")[0] == image.name.partition(":")[0]
        and theirs.choices[0][1] == image.choices[0][1]
        and all(runs_on_any_driver(one.name) for one in (image, theirs))
    )


def runs_on_any_driver(image: str) -> bool:
    """Whether an image needs no inference AMI of its own: no CUDA, or one that SageMaker's first driver (535) runs."""
    cuda = cuda_in_tag(image)
    return cuda is None or tuple(map(int, cuda.split("."))) <= (12, 2)


def _is_hosted(name: str, catalogue: Catalogue) -> bool:
    return name in catalogue.instances and bool(catalogue.instances[name].regions)
