"""Records as aligned text, at most 100 columns wide unless a single value is wider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cfgen.catalogue.errors import shortened

Record = dict[str, Any]


def image_lines(records: Iterable[Record]) -> Iterator[str]:
    """A line for each image version, and under it repository:tag, or the URI when a region was asked for."""
    rows, below = [], []
    for record in records:
        arm = " arm64" if record["architecture"] == "arm64" else ""
        also = shortened([*record["names"], *record["aliases"]], 2)
        rows.append(
            (
                record["family"],
                record["version"],
                "+".join(record["tags"]) + arm,
                record["cuda"] or "",
                str(len(record["regions"])),
                f"{record['base']} " * bool(record["base"]) + f"({also})" * bool(also),
            )
        )
        names = [f"{record['repository']}:{tag}" for tag in record["tags"].values()]
        below.append(list(dict.fromkeys(record["uris"].values() if "uris" in record else names)))
    head, *lines = aligned(("FAMILY", "VERSION", "FOR", "CUDA", "REGIONS", "BASE (ALSO)"), rows, right={4})
    yield head
    for line, names in zip(lines, below, strict=True):
        yield line
        yield from (f"  {name}" for name in names)


def instance_lines(records: Iterable[Record]) -> Iterator[str]:
    """A line for each instance type. The second GiB column is the memory of each accelerator."""
    yield from aligned(
        ("TYPE", "VCPUS", "GiB", "ACCELERATORS", "GiB", "NVME GB", "Gbit/s", "REGIONS"),
        [
            (
                record["name"],
                str(record["vcpus"]),
                f"{record['memory_gib']:g}",
                f"{record['accelerators']} × {record['accelerator']}" if record["accelerators"] else "",
                f"{record['accelerator_memory_gib']:g}" if record["accelerators"] else "",
                str(record["nvme_gb"] or ""),
                record["network"].replace(" Gigabit", "").replace("Up to", "up to"),
                str(len(record["regions"])),
            )
            for record in records
        ],
        right={1, 2, 4, 5, 7},
    )


def region_lines(records: Iterable[Record]) -> Iterator[str]:
    """A line for each region."""
    yield from aligned(
        ("REGION", "NAME", "PARTITION", "SERVES", "IC", "CODEBUILD", "TYPES"),
        [
            (
                record["name"],
                record["description"],
                record["partition"],
                "unsure" if record["unsure"] else _yes(record["sagemaker"]),
                _yes(record["inference_components"]),
                _yes(record["codebuild"]),
                str(record["instance_types"]),
            )
            for record in records
        ],
        right={6},
    )


def aligned(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[int] | set[int] = frozenset()
) -> list[str]:
    """Header and rows as lines, columns two spaces apart; ``right`` are the columns flush right."""
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
