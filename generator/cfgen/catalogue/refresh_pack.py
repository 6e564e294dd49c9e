"""The compact form of derived rows: accounts in groups and sets of regions by name, shared by many rows.

Names come from content and stay the same across refreshes, so that diffs stay small.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from cfgen.catalogue.versions import version_key

Row = dict[str, Any]


def name_region_set(sets: dict[str, list[str]], regions: Iterable[str]) -> str:
    """The name of a set, ``size-hash`` of its content; the set is entered in ``sets`` under it."""
    members = sorted(regions)
    digest = sha256(" ".join(members).encode()).hexdigest()
    for length in range(4, len(digest) + 1):
        name = f"{len(members)}-{digest[:length]}"
        if sets.setdefault(name, members) == members:
            return name
    raise AssertionError("unreachable: two sets with one hash")


def pack_images(rows: list[Row]) -> dict[str, Any]:
    """Image rows by family with the newest first; a group of accounts is named after the one in us-east-1."""
    rows = sorted(rows, key=lambda row: (version_key(row["version"]), version_key(row["base"])), reverse=True)
    rows.sort(key=lambda row: (row["family"], row["architecture"] == "arm64"))
    groups: dict[str, dict[str, str]] = {}
    sets: dict[str, list[str]] = {}
    families: dict[str, list[Row]] = {}
    for row in rows:
        accounts = row["accounts"]
        group = _group(groups, accounts)
        packed = {
            "v": row["version"],
            "repo": row["repository"],
            "acct": group,
            "in": name_region_set(sets, accounts),
            "tags": row["tags"],
        }
        packed |= {"alias": row["aliases"]} if row["aliases"] else {}
        packed |= {key: row[key] for key in ("base", "cuda") if row[key]}
        packed |= {"arch": row["architecture"]} if row["architecture"] != "x86_64" else {}
        families.setdefault(row["family"], []).append(packed)
    return {
        "accounts": {name: dict(sorted(group.items())) for name, group in sorted(groups.items())},
        "region_sets": dict(sorted(sets.items())),
        "families": families,
    }


def _group(groups: dict[str, dict[str, str]], accounts: dict[str, str]) -> str:
    """The name of the first group that contradicts none of ``accounts``, extended by them."""
    stem = accounts.get("us-east-1") or accounts[min(accounts)]
    for number in range(1, len(groups) + 2):
        name = stem if number == 1 else f"{stem}-{number}"
        group = groups.setdefault(name, {})
        if all(group.get(region, account) == account for region, account in accounts.items()):
            group.update(accounts)
            return name
    raise AssertionError("unreachable: a fresh group contradicts nothing")
