"""Deriving the bundled data anew from published packages: what changed, what is refused, what is written.

A refresh never makes the catalogue worse by itself: a table that lost more than a tenth of its entries, or a
registry account that changed, is refused unless the caller accepts it. Either all three files are written or
none. No clock and no set order gets into them: the same packages give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cfgen.catalogue.data_files import DATA, FILES
from cfgen.catalogue.errors import CatalogueError
from cfgen.catalogue.refresh_compare import Comparison, compare
from cfgen.catalogue.refresh_images import derive_images
from cfgen.catalogue.refresh_instances import derive_instances
from cfgen.catalogue.refresh_regions import derive_regions
from cfgen.catalogue.refresh_sources import Package, RefreshError
from cfgen.files import WriteError, write_atomically

Tables = dict[str, dict[str, Any]]


class RefusedRefresh(CatalogueError):
    """The result is suspect, for ``reasons``; nothing was written."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            f"refused, nothing is written: {'; '.join(reasons)}",
            hint="Look at the changes above; --accept-losses or --accept-account-changes if they are right.",
        )


def derive(packages: Mapping[str, Package]) -> Tables:
    """The three tables (keys ``images``, ``instances``, ``regions``). Raises RefreshError."""
    core, botocore = packages["sagemaker-core"], packages["botocore"]
    cfn_lint, moto = packages["cfn-lint"], packages["moto"]
    tables = {
        "images": (derive_images(core), (core,)),
        "instances": (derive_instances(botocore, cfn_lint, moto), (botocore, cfn_lint, moto)),
        "regions": (derive_regions(botocore, cfn_lint), (botocore, cfn_lint)),
    }
    return {
        name: {"schema": 1, "sources": [asdict(package.source) for package in used], **table}
        for name, (table, used) in tables.items()
    }


def read(folder: Path = DATA) -> Tables:
    """The tables in ``folder``; without any file there, none. Raises RefreshError for a damaged file."""
    tables: Tables = {}
    for name in FILES:
        path = folder / f"{name}.json"
        try:
            tables[name] = json.loads(path.read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise RefreshError(f"cannot read {path}: {error}", hint="Delete it to start afresh.") from error
    return tables


def refresh(packages: Mapping[str, Package], folder: Path = DATA) -> tuple[Tables, Comparison]:
    """What a refresh would write to ``folder``, and how that differs from what is there. Writes nothing."""
    tables = derive(packages)
    return tables, compare(read(folder), tables)


def write(tables: Tables, folder: Path = DATA) -> None:
    """Write all tables or none. Raises WriteError."""
    before: dict[Path, bytes | None] = {}
    try:
        for name in FILES:
            path = folder / f"{name}.json"
            old = path.read_bytes() if path.exists() else None
            write_atomically(path, dump(tables[name]))
            before[path] = old
    except (WriteError, OSError) as error:
        for path, old in before.items():
            if old is None:
                path.unlink()
            else:
                write_atomically(path, old)
        if isinstance(error, WriteError):
            raise
        raise WriteError(f"cannot write to {folder}: {error.strerror or error}") from error


def dump(table: Mapping[str, Any]) -> str:
    """JSON with one record a line: compact, and a diff shows the rows that changed."""
    return _block(table, depth=2) + "\n"


def _block(value: Any, depth: int, indent: str = "") -> str:
    if depth and isinstance(value, Mapping) and value:
        lines = (f"{json.dumps(key)}: {_block(item, depth - 1, indent + ' ')}" for key, item in value.items())
        return "{\n" + ",\n".join(f"{indent} {line}" for line in lines) + f"\n{indent}}}"
    # rows of an image family, and sources: a list of records is a block whatever its depth
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + ",\n".join(f"{indent} {_flat(item)}" for item in value) + f"\n{indent}]"
    return _flat(value)


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
