"""The compact form of JumpStart's list: what many versions share is written once and numbered.

A row is ``[versions, instance type, types, key, environment, images, variants, terms]``; numbers count into the
lists of the same name. Versions of a model that differ in nothing share a row. ``jumpstart`` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgen.catalogue.jumpstart_entry import Entry
from cfgen.catalogue.refresh_pack import name_region_set
from cfgen.catalogue.versions import version_key


class Pool:
    """Values in order of first appearance, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[str, int] = {}

    def number(self, value: Any) -> int:
        """Where ``value`` stands; it is added when it is new."""
        identity = repr(value)
        if identity not in self._numbers:
            self._numbers[identity] = len(self.values)
            self.values.append(value)
        return self._numbers[identity]


def pack(entries: Iterable[Entry], regions: Iterable[str]) -> dict[str, Any]:
    """The content of jumpstart.json, without its sources."""
    pools = {
        name: Pool() for name in ("types", "families", "environments", "images", "variants", "keys", "terms")
    }
    accounts: dict[str, dict[str, str]] = {}
    sets: dict[str, list[str]] = {}
    models: dict[str, list[list[Any]]] = {}
    for entry in sorted(entries, key=lambda one: one.model_id):
        models.setdefault(entry.model_id, []).append(_row(entry, pools, accounts, sets))
    return {
        "regions": sorted(regions),
        "accounts": {name: dict(sorted(group.items())) for name, group in sorted(accounts.items())},
        "region_sets": dict(sorted(sets.items())),
        **{name: pool.values for name, pool in pools.items()},
        "models": {name: _merged(rows) for name, rows in sorted(models.items())},
    }


def _row(
    entry: Entry, pools: Mapping[str, Pool], accounts: dict[str, dict[str, str]], sets: dict[str, list[str]]
) -> list[Any]:
    images = [
        [
            pools["families"].number(list(families)),
            [[name, _group(accounts, where), name_region_set(sets, where)] for name, where in choices],
        ]
        for families, choices in entry.images
    ]
    terms: dict[str, Any] = {
        "gated": entry.gated,
        "eula": entry.eula,
        "packages": dict(sorted(entry.packages.items())),
        "framework": entry.framework,
        "min_sdk": entry.min_sdk,
        "deprecated": entry.deprecated,
        "vulnerable": entry.vulnerable,
    }
    kept = {name: value for name, value in terms.items() if value}
    if entry.isolated is not None:
        kept["isolated"] = entry.isolated
    return [
        [entry.version],
        entry.instance_type,
        pools["types"].number(list(entry.instance_types)),
        pools["keys"].number(entry.key),
        pools["environments"].number(dict(entry.environment)),
        pools["images"].number(images),
        pools["variants"].number({name: dict(one) for name, one in sorted(entry.variants.items())}),
        pools["terms"].number(kept),
    ]


def _group(accounts: dict[str, dict[str, str]], where: Mapping[str, str]) -> str:
    """The group of accounts, named after the one in us-east-1, that contradicts none of ``where``; extended by it."""
    stem = where.get("us-east-1") or where[min(where)]
    for number in range(1, len(accounts) + 2):
        name = stem if number == 1 else f"{stem}-{number}"
        group = accounts.setdefault(name, {})
        if all(group.get(region, account) == account for region, account in where.items()):
            group.update(where)
            return name
    raise AssertionError("unreachable: a fresh group contradicts nothing")


def _merged(rows: list[list[Any]]) -> list[list[Any]]:
    """Newest first; neighbours that say the same become one row."""
    rows = sorted(rows, key=lambda row: version_key(row[0][0]), reverse=True)
    merged: list[list[Any]] = []
    for row in rows:
        if merged and merged[-1][1:] == row[1:]:
            merged[-1][0].extend(row[0])
        else:
            merged.append(row)
    return merged
