"""Subprocesses in groups of their own: run with a time limit, output as it comes, killed with all their children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_running: set[int] = set()
_lock = threading.Lock()
# what a process may inherit: where tools and certificates are, never AWS credentials
_KEPT = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_", "TMPDIR", "UV_")


def environment(extra: dict[str, str]) -> dict[str, str]:
    """A small clean environment with ``extra`` on top."""
    kept = {key: value for key, value in os.environ.items() if key.startswith(_KEPT)}
    kept |= {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", "PYTHONUNBUFFERED": "1"}
    return {**kept, **extra}


class Process:
    """A running command."""

    def __init__(
        self,
        command: list[str],
        *,
        folder: Path,
        variables: dict[str, str],
        on_line: Callable[[str], None],
        stdin: bytes = b"",
    ) -> None:
        popen: Any = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._popen = popen
        with _lock:
            _running.add(popen.pid)
        self.timed_out = False
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()
        try:
            self._popen.stdin.write(stdin)
            self._popen.stdin.close()
        except BrokenPipeError:
            # it ended before it read its input; its exit code tells the rest
            pass

    def _read(self, on_line: Callable[[str], None]) -> None:
        with self._popen.stdout as lines:
            for raw in lines:
                on_line(raw.decode("utf-8", "replace").rstrip("\n"))

    def wait(self, seconds: float | None) -> int:
        """The exit code; after ``seconds`` the whole group is killed."""
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.timed_out = True
            self.kill()
            code = self._popen.wait()
        # a daemon the command left behind keeps the pipe open: it goes with it. One in a session of its own stays,
        # and the pipe is the reader's to close: closing it here would wait for that daemon
        _kill_group(self._popen.pid)
        self._reader.join(5)
        with _lock:
            _running.discard(self._popen.pid)
        return int(code)

    def kill(self) -> None:
        """Kill the command and everything it started."""
        _kill_group(self._popen.pid)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def stop_all() -> None:
    """Kill what still runs; for the end of the sandbox."""
    for pid in list(_running):
        _kill_group(pid)
