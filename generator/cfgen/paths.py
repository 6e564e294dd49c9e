"""Where the files shipped with cfgen lie: beside the package in a wheel, at the top of a checkout."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "_shipped"


def shipped(name: str) -> Path:
    """The folder ``templates`` or ``specs`` as installed or checked out."""
    installed = _SHIPPED / name
    return installed if installed.is_dir() else _PACKAGE.parent.parent / name


def templates_dir() -> Path:
    """The folder with ``parts/`` and ``functions/``."""
    return shipped("templates")


def specs_dir() -> Path:
    """The folder with the example specs."""
    return shipped("specs")


def cache_dir() -> Path:
    """The user's cache folder for cfgen (``CFGEN_CACHE_DIR``, else XDG's); it may not exist yet."""
    if given := os.environ.get("CFGEN_CACHE_DIR"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cfgen"
