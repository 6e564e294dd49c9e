"""Searching JumpStart's models: what `cfgen catalog models` shows, as plain records and as lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cfgen.catalogue.catalogue import Catalogue
from cfgen.catalogue.errors import CatalogueError
from cfgen.catalogue.jumpstart import JumpStart, Release
from cfgen.catalogue.tables import aligned

Record = dict[str, Any]

# the second word of an id → the hub's name of the task
TASKS: dict[str, str] = {
    "asr": "automatic-speech-recognition",
    "depth2img": "image-to-image",
    "eqa": "question-answering",
    "fillmask": "fill-mask",
    "imagegeneration": "text-to-image",
    "inpainting": "image-inpainting",
    "llm": "text-generation",
    "ner": "token-classification",
    "od": "object-detection",
    "reranking": "text-ranking",
    "sentencesimilarity": "sentence-similarity",
    "spc": "sentence-pair-classification",
    "summarization": "summarization",
    "tc": "text-classification",
    "text2text": "text2text-generation",
    "textembedding": "feature-extraction",
    "textgeneration": "text-generation",
    "textgenerationjp": "text-generation",
    "translation": "translation",
    "txt2img": "text-to-image",
    "txt2imgneuron": "text-to-image",
    "upscaling": "image-upscaling",
    "vlm": "image-text-to-text",
    "zstc": "zero-shot-classification",
}
# image repository → the software in it; the first that begins so
FRAMEWORKS: tuple[tuple[str, str], ...] = (
    ("huggingface-pytorch-tgi-inference", "tgi"),
    ("huggingface-pytorch-inference-neuronx", "huggingface-neuronx"),
    ("huggingface-pytorch-inference", "huggingface"),
    ("djl-inference", "djl"),
    ("stabilityai-pytorch-inference", "stabilityai"),
)
_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[bm])\Z", re.IGNORECASE)


class BadSize(CatalogueError):
    """``--size`` is not a size."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a size", hint="Write 8b, 500m, a range such as 7b..14b, 70b.. or ..3b."
        )


def task_of(model_id: str) -> str:
    """The task that an id tells of; empty when it tells none."""
    word = [*model_id.split("-"), ""][1]
    return TASKS.get(word) or TASKS.get(word.rstrip("0123456789"), "")


def framework_of(release: Release) -> str:
    """The software that serves it: what the list says, else what the image is of."""
    image = release.images[0].name if release.images else ""
    return next((name for begin, name in FRAMEWORKS if image.startswith(begin)), release.framework)


def size_range(text: str) -> tuple[float, float]:
    """Billions of parameters, least and most: ``8b`` (a tenth around it), ``7b..14b``, ``70b..``, ``..3b``."""
    least, dots, most = text.strip().partition("..")
    if not dots:
        one = _billions(least, text)
        return one * 0.9, one * 1.1
    if not (least or most):
        raise BadSize(text)
    return _billions(least, text) if least else 0.0, _billions(most, text) if most else float("inf")


def _billions(word: str, text: str) -> float:
    match = _SIZE.match(word.strip())
    if match is None:
        raise BadSize(text)
    return float(match["number"]) / (1000 if match["unit"].lower() == "m" else 1)


def find_models(
    listed: JumpStart,
    catalogue: Catalogue,
    words: Sequence[str] = (),
    *,
    task: str | None = None,
    framework: str | None = None,
    size: str | None = None,
    gated: bool | None = None,
    region: str | None = None,
    parameters: Callable[[str], float | None] = lambda _: None,
) -> list[Record]:
    """Models that have all ``words`` in their id, task or software, by id: the version that would be served.

    A word may hold spaces, and dots where ids have hyphens: ``llama 3.1 8b`` finds ``…-llama-3-1-8b``.
    ``parameters`` tells billions of parameters from an id. Raises UnknownRegion, BadSize.
    """
    if region:
        catalogue.region(region)
    limits = size_range(size) if size else None
    found = []
    wanted = [_plain(word) for given in words for word in given.split()]
    for model_id in listed.ids:
        release = listed.release(model_id)
        about = (model_id, task_of(model_id), framework_of(release))
        text = _plain("\n".join(about))
        billions = parameters(model_id)
        if (
            not all(word in text for word in wanted)
            or (task and task.lower() not in about[1])
            or (framework and framework.lower() not in about[2])
            or (gated is not None and gated != release.gated)
            or (limits and (billions is None or not limits[0] <= billions <= limits[1]))
        ):
            continue
        record = _record(listed, catalogue, release, billions)
        if region is None or region in record["regions"]:
            found.append(record)
    return found


def _plain(text: str) -> str:
    """In lower case, with hyphens for what else divides words in names."""
    return text.lower().replace(".", "-").replace("_", "-")


def _record(listed: JumpStart, catalogue: Catalogue, release: Release, billions: float | None) -> Record:
    newest = listed.newest(release.model_id)
    hosted = [name for name in release.instance_types if name in catalogue.instances]
    reach = sorted(
        {
            region
            for name in hosted
            if (image := release.image(name)) is not None
            for region in catalogue.instances[name].regions & image.in_region.keys() & listed.regions
        }
    )
    return {
        "model_id": release.model_id,
        "version": release.version,
        "newest": newest.version,
        "versions": len(listed.versions(release.model_id)),
        "task": task_of(release.model_id),
        "framework": framework_of(release),
        "parameters_billion": billions,
        "gated": release.gated,
        "eula": release.eula_url,
        "artifact": f"s3://{release.bucket}REGION/{release.key}" if release.key else "",
        "packages": dict(release.packages),
        "images": list(dict.fromkeys(name for one in release.images for name, _ in one.choices)),
        "instance_type": release.instance_type,
        "instance_types": list(release.instance_types),
        "hosted_instance_types": hosted,
        "environment": dict(release.environment),
        "min_sdk": release.min_sdk,
        "deprecated": release.deprecated,
        "vulnerable": release.vulnerable,
        "regions": reach,
    }


def model_lines(records: Iterable[Record]) -> Iterator[str]:
    """A line for each model. TYPE: AWS's default where it is hosted, else the first listed type that is."""
    yield from aligned(
        ("MODEL", "VERSION", "TASK", "SIZE", "GATED", "TYPE", "REGIONS"),
        [
            (
                record["model_id"],
                record["version"],
                record["task"],
                _size(record["parameters_billion"]),
                "gated" if record["gated"] else "licence" if record["eula"] else "",
                _shown_type(record),
                str(len(record["regions"])),
            )
            for record in records
        ],
        right={3, 6},
    )


def _shown_type(record: Record) -> str:
    hosted = record["hosted_instance_types"]
    first = hosted[0] if hosted else ""
    return str(record["instance_type"] if record["instance_type"] in hosted else first)


def _size(billions: float | None) -> str:
    if billions is None:
        return ""
    return f"{billions:g}B" if billions >= 1 else f"{billions * 1000:.0f}M"
