"""Which spec files a command line means. Imports nothing heavy: commands ask before they load anything."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Iterable
from pathlib import Path

from cfgen.errors import shorten
from cfgen.spec.errors import NoSpecs


def find_specs(paths: Iterable[str | Path]) -> list[Path]:
    """Files that ``paths`` name: files as they are, the ``*.yaml``/``*.yml`` of folders, matches of patterns.

    Sorted within each, without repeats. Raises NoSpecs for what names nothing.
    """
    found: dict[Path, None] = {}
    for given in paths:
        if not str(given):
            raise NoSpecs("a spec's name is empty", hint="a variable of the shell without a value?")
        try:
            found.update(dict.fromkeys(_named_by(given)))
        except OSError as error:
            # a folder that is closed, a name longer than any
            raise NoSpecs(f"{shorten(str(given))}: {error.strerror or error}") from error
    return list(found)


def _named_by(given: str | Path) -> list[Path]:
    path = Path(given)
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.suffix in {".yaml", ".yml"} and p.is_file())
        if not inside:
            raise NoSpecs(f"{given}: no .yaml files in this folder")
        return inside
    if path.exists():
        return [path]
    if path.is_symlink():
        raise NoSpecs(f"{given}: a link that leads nowhere")
    if glob.has_magic(str(given)):
        inside = sorted(Path(p) for p in glob.glob(str(given), recursive=True))  # noqa: PTH207
        inside = [p for p in inside if p.is_file() and not p.name.endswith(".facts.json")]
        if not inside:
            raise NoSpecs(f"{given}: no file matches this pattern")
        return inside
    near = difflib.get_close_matches(path.name, _names(path.parent), 1)
    raise NoSpecs(f"{given}: no such file", hint=f"did you mean {path.parent / near[0]}?" if near else "")


def _names(folder: Path) -> list[str]:
    try:
        return [p.name for p in folder.iterdir()]
    except OSError:
        return []
