"""Remembers templates that were rendered and checked, so that an unchanged spec costs a look-up.

The key covers every input: the spec, the facts beside it and the overlay (bytes and path, since messages name them),
cfgen's version and the size and time of every file of the package and of templates/. An entry is one JSON file in the
user's cache folder; a damaged or unwritable cache is the same as an empty one. Templates with a code folder are not
kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cfgen import __version__
from cfgen.models.lock import lock_path
from cfgen.paths import cache_dir, templates_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfgen.render.template import Template

MAX_ENTRIES = 500
MAX_INPUT = 5_000_000
"""Bytes of a file that is worth a look-up."""


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(Path(entry.path))
        else:
            yield entry


def _installation() -> bytes:
    """A fingerprint of the installed package and its templates."""
    digest = hashlib.sha256(__version__.encode())
    for folder in (Path(__file__).parent, templates_dir()):
        for entry in _files(folder):
            status = entry.stat()
            digest.update(f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.digest()


def key_of(spec: Path, overlay: Path | None, form: str = "cfn") -> str | None:
    """The key of a rendering, or None when an input cannot be read (rendering will say why)."""
    try:
        digest = hashlib.sha256(_installation() + form.encode())
        for path in (spec, overlay, lock_path(spec)):
            if path is not None and (path is spec or path is overlay or path.exists()):
                if not path.is_file() or path.stat().st_size > MAX_INPUT:
                    # a pipe can be read once, a device has no end
                    return None
                digest.update(f"{path}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError:
        return None
    return digest.hexdigest()


def _place(key: str) -> Path:
    return cache_dir() / "rendered" / f"{key}.json"


def recall(key: str) -> Template | None:
    """The template kept under ``key``, or None."""
    try:
        kept = json.loads(_place(key).read_bytes())
        from cfgen.render.template import Template

        return Template(
            kept["name"],
            kept["text"],
            tuple(kept["regions"]),
            tuple((name, default) for name, default in kept["parameters"]),
            tuple(kept["warnings"]),
            functions=tuple((name, text) for name, text in kept["functions"]),
            decisions=tuple(kept["decisions"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(key: str, template: Template) -> None:
    """Keep a checked template under ``key``; forget the oldest beyond MAX_ENTRIES."""
    from cfgen.files import WriteError, write_atomically

    kept = {
        "name": template.name,
        "text": template.text,
        "regions": template.regions,
        "parameters": template.parameters,
        "warnings": template.warnings,
        "functions": template.functions,
        "decisions": template.decisions,
    }
    place = _place(key)
    try:
        write_atomically(place, json.dumps(kept))
        entries = sorted(place.parent.glob("*.json"), key=lambda p: p.stat().st_mtime)
        for old in entries[:-MAX_ENTRIES]:
            old.unlink(missing_ok=True)
    except (WriteError, OSError, UnicodeEncodeError):
        return
