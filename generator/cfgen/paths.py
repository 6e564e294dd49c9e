"""Where the files shipped with cfgen lie: beside the package in a wheel, at the top of a checkout."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cfgen.errors import CfgenError

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
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "cfgen"
    try:
        return Path.home() / ".cache" / "cfgen"
    except RuntimeError:
        return _homeless()


def _homeless() -> Path:
    """A folder for a user without a home, as containers with a user id of their own have: nobody else's to write."""
    folder = Path(tempfile.gettempdir()) / f"cfgen-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if state.st_uid != os.getuid() or state.st_mode & 0o077 or folder.is_symlink():
        raise CfgenError(f"{folder} is not yours alone", hint="set CFGEN_CACHE_DIR or HOME")
    return folder
