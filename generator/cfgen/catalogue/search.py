"""Searching the catalogue: what `cfgen catalog` shows, as plain records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cfgen.catalogue.catalogue import Catalogue
from cfgen.catalogue.families import called

Record = dict[str, Any]
PROCESSORS = ("gpu", "cpu", "neuron")


def find_images(
    catalogue: Catalogue,
    words: Sequence[str] = (),
    *,
    family: str | None = None,
    region: str | None = None,
    processor: str | None = None,
    all_versions: bool = False,
) -> list[Record]:
    """Image versions that have all ``words`` in their names, newest first by family.

    Without ``all_versions`` only the newest that matches, for each family and architecture: with ``region``,
    the newest there is in that region. Raises UnknownFamily, UnknownRegion.
    """
    place = catalogue.region(region) if region else None
    families = [family] if family else catalogue.families()
    found: list[Record] = []
    for name in families:
        seen: set[str] = set()
        for row in catalogue.versions(name):
            names = [
                row.family,
                *called(row.family),
                row.repository,
                row.base,
                *row.tags.values(),
                *row.aliases,
            ]
            if not _has_all(words, [*names, row.version, row.architecture, *row.tags]):
                continue
            if (place and place.name not in row.accounts) or (processor and processor not in row.tags):
                continue
            if row.architecture in seen and not all_versions:
                continue
            seen.add(row.architecture)
            record: Record = {
                "family": row.family,
                "version": row.version,
                "base": row.base,
                "architecture": row.architecture,
                "cuda": row.cuda,
                "repository": row.repository,
                "tags": dict(row.tags),
                "names": list(called(row.family)),
                "aliases": list(row.aliases),
                "regions": sorted(row.regions),
            }
            if place:
                host = f"{row.accounts[place.name]}.dkr.ecr.{place.name}.{place.url_suffix}"
                record["uris"] = {key: f"{host}/{row.repository}:{tag}" for key, tag in row.tags.items()}
            found.append(record)
    return found


def find_instances(
    catalogue: Catalogue,
    words: Sequence[str] = (),
    *,
    family: str | None = None,
    region: str | None = None,
    processor: str | None = None,
) -> list[Record]:
    """Instance types that SageMaker hosts, in the catalogue's order. Raises UnknownRegion."""
    if region:
        catalogue.region(region)
    found = []
    for instance in catalogue.instances.values():
        names = [instance.name, instance.processor, instance.architecture, instance.accelerator or ""]
        if (
            (family and instance.family != family.removeprefix("ml."))
            or (region and region not in instance.regions)
            or (processor and instance.processor != processor)
            or not _has_all(words, names)
        ):
            continue
        found.append(
            {
                "name": instance.name,
                "family": instance.family,
                "processor": instance.processor,
                "architecture": instance.architecture,
                "vcpus": instance.vcpus,
                "memory_gib": instance.memory_gib,
                "network": instance.network,
                "accelerator": instance.accelerator,
                "accelerators": instance.accelerators,
                "accelerator_memory_gib": instance.accelerator_memory_gib,
                "neuron_cores": instance.neuron_cores,
                "compute_capability": instance.compute_capability,
                "nvme_gb": instance.nvme_gb,
                "burstable": instance.burstable,
                "regions": sorted(instance.regions),
            }
        )
    return found


def find_regions(catalogue: Catalogue, words: Sequence[str] = ()) -> list[Record]:
    """Regions, by name, with the number of instance types that each hosts."""
    hosted: dict[str, int] = {}
    for instance in catalogue.instances.values():
        for name in instance.regions:
            hosted[name] = hosted.get(name, 0) + 1
    return [
        {
            "name": region.name,
            "description": region.description,
            "partition": region.partition,
            "url_suffix": region.url_suffix,
            "sagemaker": region.sagemaker,
            "unsure": region.unsure,
            "inference_components": region.inference_components,
            "codebuild": region.codebuild,
            "service_catalog": region.service_catalog,
            "instance_types": hosted.get(region.name, 0),
        }
        for region in catalogue.regions.values()
        if _has_all(words, [region.name, region.description, region.partition])
    ]


def _has_all(words: Iterable[str], names: Iterable[str]) -> bool:
    text = "\n".join(names).lower()
    return all(word.lower() in text for word in words)
