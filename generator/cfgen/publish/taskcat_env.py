"""The Python that has taskcat: this one when the extra is installed, else an environment made once and kept.

taskcat pins packages that much else cannot live with (jsonschema 3, urllib3 1, pathspec 0.10), so it has an
environment of its own, made with uv where there is one, else with venv and pip, from a lock with hashes.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cfgen.deploy.errors import DeployError
from cfgen.errors import extra
from cfgen.paths import cache_dir, shipped


class EnvironmentFailed(DeployError):
    """The environment for taskcat could not be made."""


def lock_file() -> Path:
    """The lock of the extra ``taskcat``, as shipped."""
    return shipped("requirements") / "taskcat.txt"


def python(say: Callable[[str], None] = lambda _: None) -> Path:
    """The interpreter to run taskcat with. Raises EnvironmentFailed.

    Making the environment takes the package index, once for each lock and Python.
    """
    if has_taskcat():
        return Path(sys.executable)
    folder = environment()
    with _alone(folder):
        if not (folder / ".done").is_file():
            _make(folder, say)
    return _python_in(folder)


def has_taskcat() -> bool:
    """Whether the extra is installed beside cfgen. taskcat imports pkg_resources, which setuptools 81 lost."""
    try:
        importlib.metadata.version("taskcat")
    except importlib.metadata.PackageNotFoundError:
        return False
    return importlib.util.find_spec("pkg_resources") is not None


def environment() -> Path:
    """Where the environment for this lock and this Python lies, or would."""
    digest = hashlib.sha256(lock_file().read_bytes())
    digest.update(sys.version.encode())
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache_dir() / "taskcat" / f"py{version}-{digest.hexdigest()[:12]}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two commands at once make one environment."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = folder.with_suffix(".lock").open("w")
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot write {folder.parent}: {error.strerror or error}", hint="CFGEN_CACHE_DIR moves the cache"
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make(folder: Path, say: Callable[[str], None]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv = _uv()
    say(f"making an environment for taskcat, once, with {'uv' if uv else 'pip'}: {folder}")
    lock = ["--require-hashes", "-r", str(lock_file())]
    if uv:
        commands = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(_python_in(folder)), *lock],
        ]
    else:
        pip = [str(_python_in(folder)), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        commands = [[sys.executable, "-m", "venv", str(folder)], [*pip, *lock]]
    # the caller's environment must not lead the new one elsewhere
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}
    }
    for command in commands:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, env=inherited
        )
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            said = (done.stderr or done.stdout).strip().splitlines()[-8:]
            raise EnvironmentFailed(
                "the environment for taskcat could not be made:" + "".join(f"\n  {line}" for line in said),
                hint="it takes the package index once; or " + extra("taskcat"),
            )
    (folder / ".done").touch()


def _uv() -> str | None:
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")


def _python_in(folder: Path) -> Path:
    return folder / "bin" / "python"
