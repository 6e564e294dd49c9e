"""The order of version strings as image tags have them: ``0.9.0 < 0.30.0``, ``1.0rc1 < 1.0 < 1.0.1``, ``24.09 < 25.04``.

Like ``packaging.version`` where that has an opinion, and total where it has none (``1.4-2-py312``, ``b9522``,
``latest``); without its import.
"""

from __future__ import annotations

import re

# numbers and words; everything else separates
_TOKEN = re.compile(r"\d+|[a-z]+")
_PRE_RELEASES = {"dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3}

VersionKey = tuple[tuple[int, int, str], ...]


def version_key(version: str) -> VersionKey:
    """A sort key. A pre-release word sorts before the end of the string, any other word after it, numbers last."""
    key: list[tuple[int, int, str]] = []
    for token in _TOKEN.findall(version.lower()):
        if token.isdecimal():
            key.append((3, int(token), ""))
        elif token in _PRE_RELEASES:
            key.append((0, _PRE_RELEASES[token], token))
        else:
            key.append((2, 0, token))
    key.append((1, 0, ""))
    return tuple(key)
