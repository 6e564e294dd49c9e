"""The code folder of a ``custom-inference`` model, as one archive that depends on names and contents alone."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cfgen.resolve.collector import Collector

IGNORE_FILE = ".cfgenignore"
ALWAYS_IGNORED = frozenset({"__pycache__", "node_modules"})
"""Left out wherever they stand, as is everything whose name begins with a dot: caches, editors' files, secrets."""
MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_BYTES = 200 * 1024 * 1024
MAX_FILES = 2_000
"""What a code folder may hold; models belong on the hub, not here."""


def code_files(folder: Path, path: str, notes: Collector) -> list[tuple[str, bytes]]:
    """Names (with ``/``) and contents of the folder's files, sorted; problems are noted at ``path``.

    Left out: what ``.cfgenignore`` (gitignore's language) names, hidden files, and ALWAYS_IGNORED. Refused: links
    that lead out of the folder, anything but files and folders, and more than the limits above.
    """
    if not folder.is_dir():
        notes.refuse(path, f"{folder} is not a folder", "give it relative to the spec's own folder")
        return []
    root, total, files = folder.resolve(), 0, []
    for name, file in _kept(folder, notes, path):
        if file.is_symlink() and not file.resolve().is_relative_to(root):
            notes.refuse(
                path, f"{name} links to {file.readlink()}, outside the folder", "put a copy into the folder"
            )
        elif not file.is_file():
            notes.refuse(path, f"{name} is not a plain file", f"remove it, or name it in {IGNORE_FILE}")
        elif (size := file.stat().st_size) > MAX_FILE_BYTES:
            notes.refuse(path, f"{name} has {size:,} bytes", f"at most {MAX_FILE_BYTES:,}; see {IGNORE_FILE}")
        else:
            total += size
            if total > MAX_BYTES:
                notes.refuse(path, f"the folder has more than {MAX_BYTES:,} bytes", f"see {IGNORE_FILE}")
                return []
            files.append((name, file.read_bytes()))
    if len(files) > MAX_FILES:
        notes.refuse(
            path, f"the folder has {len(files):,} files", f"at most {MAX_FILES:,}; see {IGNORE_FILE}"
        )
    if not files:
        notes.refuse(path, f"{folder} holds no files", "it needs inference.py")
    return sorted(files)


def _kept(folder: Path, notes: Collector, path: str) -> Iterator[tuple[str, Path]]:
    ignored = _ignored(folder / IGNORE_FILE, notes, path)
    for place, folders, names in os.walk(folder):
        here = Path(place)
        inside = here.relative_to(folder).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        for name in list(folders):
            full = f"{prefix}{name}"
            if _never(name) or ignored(f"{full}/"):
                folders.remove(name)
            elif (here / name).is_symlink():
                folders.remove(name)
                yield full, here / name
        folders.sort()
        for name in sorted(names):
            full = f"{prefix}{name}"
            if not _never(name) and not ignored(full):
                yield full, here / name


def _never(name: str) -> bool:
    return name.startswith(".") or name in ALWAYS_IGNORED or name.endswith((".pyc", ".pyo"))


def _ignored(file: Path, notes: Collector, path: str) -> Callable[[str], bool]:
    """Whether ``.cfgenignore`` names a file or, with a slash at its end, a folder."""
    if not file.is_file():
        return lambda _: False
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(file.read_text(encoding="utf-8").splitlines()).match_file
    except (ValueError, UnicodeDecodeError) as error:
        notes.refuse(path, f"{IGNORE_FILE} cannot be read: {error}", "it is written as a .gitignore")
        return lambda _: False


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """An uncompressed tar of ``files``: no owners, no times, so the same files are the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
