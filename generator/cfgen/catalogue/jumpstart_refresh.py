"""Deriving the list of JumpStart models anew: from the published package, or from the live list over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cfgen.catalogue import jumpstart_live, jumpstart_package
from cfgen.catalogue.data_files import DATA
from cfgen.catalogue.jumpstart import JumpStart, Release
from cfgen.catalogue.jumpstart_entry import Entry
from cfgen.catalogue.jumpstart_pack import pack
from cfgen.catalogue.refresh import dump
from cfgen.catalogue.refresh_compare import Comparison, TableChange
from cfgen.catalogue.refresh_sources import Package, RefreshError, downloaded, in_folder
from cfgen.files import write_atomically

PACKAGES = (jumpstart_package.CORE, jumpstart_package.PACKAGE)
FILE = "jumpstart.json"
Table = dict[str, Any]


def from_packages(packages: Mapping[str, Package]) -> Table:
    """The list as the packages have it. Raises RefreshError."""
    core, listed = packages[jumpstart_package.CORE], packages[jumpstart_package.PACKAGE]
    table = pack(jumpstart_package.entries(listed), jumpstart_package.regions(core))
    return {"schema": 1, "sources": [asdict(package.source) for package in (listed, core)], **table}


def from_packages_in(folder: Path | None = None) -> Table:
    """The list from package files in ``folder``, or downloaded with pip and npm. Raises RefreshError."""
    if folder is not None:
        return from_packages(in_folder(folder, PACKAGES))
    with TemporaryDirectory(prefix="cfgen-refresh-") as place:
        jumpstart_package.npm_pack(Path(place))
        with downloaded([jumpstart_package.CORE]) as core:
            return from_packages({**core, **in_folder(Path(place), [jumpstart_package.PACKAGE])})


def from_live(live: jumpstart_live.Live, present: Table, address: str) -> Table:
    """The live list's newest versions over the ``present`` table, whose older versions stay. Raises RefreshError."""
    known = JumpStart(present)
    entries = {(e.model_id, e.version): e for name in known.ids for e in map(_entry, known.releases(name))}
    entries |= {(entry.model_id, entry.version): entry for entry in live.entries}
    digest = hashlib.sha256(live.manifest).hexdigest()
    source = {"package": "jumpstart", "version": "live", "file": f"{address}/{jumpstart_live.MANIFEST}"}
    kept = [one for one in present["sources"] if one["package"] != "jumpstart"]
    table = pack(entries.values(), known.regions)
    return {"schema": 1, "sources": [*kept, {**source, "sha256": digest}], **table}


def read(folder: Path = DATA) -> Table | None:
    """The table in ``folder``, None without one. Raises RefreshError for a damaged file."""
    path = folder / FILE
    try:
        table: Table = json.loads(path.read_bytes())
        JumpStart(table)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefreshError(f"cannot read {path}: {error}", hint="Delete it to start afresh.") from error
    return table


def write(table: Table, folder: Path = DATA) -> None:
    """Write the table. Raises WriteError."""
    write_atomically(folder / FILE, dump(table))


def compare(before: Table | None, after: Table) -> Comparison:
    """What changes: models, their versions, what newest versions say, and registry accounts."""
    old, new = _lines(before), _lines(after)
    both = [name for name in old if name in new]
    changed = tuple(
        f"{name}: {old[name]} → {new[name]}" for name in both if "@" not in name and old[name] != new[name]
    )
    owners, now = _owners(before), _owners(after)
    accounts = tuple(
        f"{region}: {', '.join(sorted(owners[region]))} → {', '.join(sorted(now[region] - owners[region]))}"
        for region in sorted(owners.keys() & now.keys())
        if now[region] - owners[region]
    )
    return Comparison(
        tables=(_change("models", old, new, changed), _change("model versions", old, new, ())),
        accounts=accounts,
        sources=tuple(
            f"{one['package']} {one['version']}  sha256 {one['sha256']}" for one in after["sources"]
        ),
    )


def _change(
    table: str, old: Mapping[str, str], new: Mapping[str, str], changed: tuple[str, ...]
) -> TableChange:
    def of(names: Mapping[str, str]) -> list[str]:
        return [name for name in names if ("@" in name) == (table != "models")]

    before, after = of(old), of(new)
    return TableChange(
        table,
        len(before),
        len(after),
        tuple(name for name in after if name not in old),
        tuple(name for name in before if name not in new),
        changed,
    )


def _owners(table: Table | None) -> dict[str, set[str]]:
    """Region → registry accounts that images are taken from there."""
    found: dict[str, set[str]] = {}
    for group in (table or {"accounts": {}})["accounts"].values():
        for region, account in group.items():
            found.setdefault(region, set()).add(account)
    return found


def _lines(table: Table | None) -> dict[str, str]:
    """Model id → what its newest usable version is served with; ``id@version`` → nothing."""
    if table is None:
        return {}
    models = JumpStart(table)
    found: dict[str, str] = {}
    for name in models.ids:
        release = models.release(name)
        image = release.images[0].name if release.images else "no image"
        found[name] = f"{release.version} {image} {release.instance_type}"
        found |= {f"{name}@{version}": "" for version in models.versions(name)}
    return found


def _entry(release: Release) -> Entry:
    return Entry(
        model_id=release.model_id,
        version=release.version,
        instance_type=release.instance_type,
        instance_types=release.instance_types,
        key=release.key,
        gated=release.gated,
        eula=release.eula,
        environment=release.environment,
        images=tuple(
            (tuple(sorted(image.families)), tuple(sorted(image.choices, key=lambda choice: choice[0])))
            for image in release.images
        ),
        variants=release.variants,
        packages=release.packages,
        framework=release.framework,
        min_sdk=release.min_sdk,
        deprecated=release.deprecated,
        vulnerable=release.vulnerable,
        isolated=release.isolated,
    )
