"""Version strings as image tags have them: their order, and the CUDA version in a tag.

``0.9.0 < 0.30.0``, ``1.0rc1 < 1.0 < 1.0.1``, ``24.09 < 25.04``.

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
    """A sort key: pre-release words sort before the end of the string, other words after it, numbers last."""
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


def cuda_in_tag(tag: str) -> str | None:
    """``13.0`` of ``0.30.0-gpu-py312-cu130-ubuntu24.04``; None when the tag does not tell."""
    found = re.search(r"-cu(\d{2,3})(?!\d)", tag)
    return f"{found[1][:-1]}.{found[1][-1]}" if found else None
