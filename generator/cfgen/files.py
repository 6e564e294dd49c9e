"""Writing results: complete or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cfgen.errors import CfgenError


class WriteError(CfgenError):
    """A result could not be written."""


def write_atomically(path: Path, data: str | bytes) -> None:
    """Write ``data`` (text as UTF-8) to a temporary file beside ``path``, then rename it there.

    Raises WriteError with the operating system's reason; nothing half-written is left.
    """
    payload = data.encode("utf-8") if isinstance(data, str) else data
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # noqa: PTH101 - the path is a string here
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):  # noqa: PTH110
            os.unlink(temporary)  # noqa: PTH108
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
