"""Getting the published packages a refresh reads, and reading files out of them.

Packages come from the package index by way of pip, in a temporary folder, or from a folder of files that were
downloaded before. Wheels, sdists and npm tarballs read alike. No code of a package is imported or run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cfgen.catalogue.errors import CatalogueError
from cfgen.catalogue.listing import Source
from cfgen.catalogue.versions import version_key

# What the tables are made of. JumpStart's models come from elsewhere: jumpstart_package
PACKAGES = ("sagemaker-core", "botocore", "cfn-lint", "moto")

_FILE = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*)(-[^-]+){0,4}?\.(whl|tar\.gz|tgz|zip)\Z")
_LARGEST_FILE = 64 * 2**20
_DOWNLOAD_SECONDS = 900


class RefreshError(CatalogueError):
    """A refresh cannot be done: a package is missing, damaged, or not shaped as it was."""


@dataclass
class Package:
    """One downloaded package. Its file names are those inside, without an sdist's or npm's top folder."""

    name: str
    version: str
    path: Path
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def source(self) -> Source:
        """Where the data came from, for the record."""
        digest = hashlib.sha256(self._whole()).hexdigest()
        return Source(self.name, self.version, self.path.name, digest)

    def names(self, prefix: str) -> list[str]:
        """Files under the folder ``prefix`` (ending in ``/``), sorted. Raises RefreshError without any."""
        found = sorted(name for name in self._index if name.startswith(prefix) and not name.endswith("/"))
        if not found:
            raise RefreshError(f"{self.path.name} has no files under {prefix}", hint=_CHANGED)
        return found

    def read(self, name: str) -> bytes:
        """One file's bytes, decompressed when its name ends in ``.gz``. Raises RefreshError."""
        member = self._index.get(name)
        if member is None:
            raise RefreshError(f"{self.path.name} has no file {name}", hint=_CHANGED)
        try:
            data = self._extract(member)
            return gzip.decompress(data) if name.endswith(".gz") else data
        except (OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
            raise RefreshError(f"{self.path.name}: {name} cannot be read: {error}", hint=_DAMAGED) from error

    def json(self, name: str) -> Any:
        """One JSON file's content. Raises RefreshError."""
        try:
            return json.loads(self.read(name))
        except ValueError as error:
            raise RefreshError(f"{self.path.name}: {name} is not JSON: {error}", hint=_DAMAGED) from error

    def _whole(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise RefreshError(f"cannot read {self.path}: {error.strerror or error}") from error

    @cached_property
    def _index(self) -> dict[str, str]:
        """Path as we ask for it → the archive's own name."""
        try:
            if self._zipped:
                with zipfile.ZipFile(self.path) as archive:
                    return {name: name for name in archive.namelist()}
            with tarfile.open(self.path) as archive:
                return {_below_top(name): name for name in archive.getnames()}
        except (OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
            raise RefreshError(
                f"{self.path.name} is not a readable package: {error}", hint=_DAMAGED
            ) from error

    @property
    def _zipped(self) -> bool:
        return self.path.suffix in (".whl", ".zip")

    def _extract(self, member: str) -> bytes:
        if self._zipped:
            with zipfile.ZipFile(self.path) as archive:
                self._check_size(member, archive.getinfo(member).file_size)
                return archive.read(member)
        with tarfile.open(self.path) as archive:
            self._check_size(member, archive.getmember(member).size)
            stream = archive.extractfile(member)
            if stream is None:
                raise tarfile.TarError("not a regular file")
            return stream.read()

    def _check_size(self, member: str, size: int) -> None:
        if size > _LARGEST_FILE:
            raise OSError(f"{member} is {size} bytes, more than {_LARGEST_FILE}")


_CHANGED = "The package is laid out differently now: the refresh has to learn the new place."
_DAMAGED = "Download it again."


def _below_top(name: str) -> str:
    return name.partition("/")[2] or name


def in_folder(folder: Path, names: Iterable[str] = PACKAGES) -> dict[str, Package]:
    """The newest file of each package in ``folder``. Raises RefreshError naming all that are missing."""
    if not folder.is_dir():
        raise RefreshError(f"{folder} is not a folder")
    found: dict[str, Package] = {}
    for path in sorted(folder.iterdir()):
        match = _FILE.match(path.name)
        if match is None:
            continue
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        package = Package(name, match["version"], path)
        known = found.get(name)
        if known is None or version_key(known.version) < version_key(package.version):
            found[name] = package
    missing = [name for name in names if name not in found]
    if missing:
        raise RefreshError(
            f"{folder} has no package file of {', '.join(missing)}",
            hint=f"pip download --no-deps {' '.join(missing)}",
        )
    return {name: found[name] for name in names}


@contextmanager
def downloaded(requirements: Iterable[str] = PACKAGES) -> Iterator[dict[str, Package]]:
    """Download the newest release of each package into a temporary folder, removed with the context."""
    with TemporaryDirectory(prefix="cfgen-refresh-") as folder:
        names = list(requirements)
        _pip_download(names, folder)
        yield in_folder(Path(folder), [re.split(r"[=<>!~ ]", name)[0] for name in names])


def _pip_download(requirements: list[str], folder: str) -> None:
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--quiet", "--dest", folder]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, *requirements],
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefreshError(f"pip download failed: {error}", hint=_OFFLINE) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next(
            (line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "no reason given"
        )
        raise RefreshError(f"pip download failed: {reason}", hint=_OFFLINE)


_OFFLINE = "Give a folder of packages downloaded elsewhere with --from DIR."
