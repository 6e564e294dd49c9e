"""Names for sets of regions that many rows share: stable across refreshes, so that diffs stay small."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def name_region_set(sets: dict[str, list[str]], regions: Iterable[str]) -> str:
    """The name of a set, ``size-hash`` of its content; the set is entered in ``sets`` under it."""
    members = sorted(regions)
    digest = sha256(" ".join(members).encode()).hexdigest()
    for length in range(4, len(digest) + 1):
        name = f"{len(members)}-{digest[:length]}"
        if sets.setdefault(name, members) == members:
            return name
    raise AssertionError("unreachable: two sets with one hash")
