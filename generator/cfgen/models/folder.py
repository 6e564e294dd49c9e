"""A folder with a model's files, read as if it were a repository. No network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cfgen.models.errors import DamagedFile, ModelError
from cfgen.models.facts import ModelFile
from cfgen.models.hub import MAX_TEXT

_LEFT_OUT = {".git", ".cache", "__pycache__"}
MAX_FILES = 100_000


class FolderRepository:
    """The files under ``folder``. Links are followed: a hub's cache consists of them."""

    gated, private, commit, revision = "", False, "", ""

    def __init__(self, folder: Path) -> None:
        self.folder, self.model = folder, str(folder)

    def files(self) -> tuple[ModelFile, ...]:
        """Every file with its size, by path. Raises ModelError for a folder that cannot be read."""
        found: list[ModelFile] = []

        def fail(error: OSError) -> None:
            raise error

        try:
            for root, folders, names in os.walk(self.folder, onerror=fail):
                folders[:] = sorted(set(folders) - _LEFT_OUT)
                for name in names:
                    path = Path(root, name)
                    if path.is_file():
                        found.append(ModelFile(path.relative_to(self.folder).as_posix(), path.stat().st_size))
                if len(found) > MAX_FILES:
                    raise ModelError(self.model, f"has more than {MAX_FILES:,} files: no model's folder")
        except OSError as error:
            raise ModelError(self.model, f"cannot be read: {error.strerror or error}") from error
        return tuple(sorted(found, key=lambda one: one.path))

    def read(self, path: str) -> bytes | None:
        """A small file whole; None when there is none. Raises DamagedFile when it is not small."""
        place = self.folder / path
        try:
            if place.stat().st_size > MAX_TEXT:
                raise DamagedFile(self.model, path, f"is larger than {MAX_TEXT >> 20} MiB")
            return place.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedFile(self.model, path, f"cannot be read: {error.strerror or error}") from error

    def part(self, path: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end`` (left out) of a file, fewer when it is shorter."""
        try:
            with (self.folder / path).open("rb") as stream:
                stream.seek(start)
                return stream.read(end - start)
        except OSError as error:
            raise DamagedFile(self.model, path, f"cannot be read: {error.strerror or error}") from error

    def counted(self) -> dict[str, int] | None:
        """Nobody has counted the parameters yet."""
        return None

    def card(self) -> dict[str, Any]:
        """The metadata at the head of README.md; empty when there is none that can be read."""
        text = (self.read("README.md") or b"").decode("utf-8", "replace")
        if not text.startswith("---"):
            return {}
        import yaml

        try:
            head = yaml.safe_load(text[3:].partition("\n---")[0])
        except (yaml.YAMLError, RecursionError, ValueError):
            return {}
        return head if isinstance(head, dict) else {}
