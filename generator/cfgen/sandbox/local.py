"""A sandbox of one's own: the server as a child process, with clients, settings and faults at hand."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cfgen.errors import CfgenError, extra

if TYPE_CHECKING:
    from cfgen.sandbox.seed import Seeded

REGION = "us-east-1"


class SandboxError(CfgenError):
    """The sandbox could not be started, found or told something."""


def request(url: str, method: str = "GET", body: Any = None, *, patience: float = 30) -> Any:
    """One JSON exchange with the sandbox's own paths. Raises SandboxError."""
    data = None if body is None else json.dumps(body).encode()
    # never through a proxy: the sandbox lives on loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Content-Type": "application/json"}
    try:
        with opener.open(
            urllib.request.Request(url, data=data, method=method, headers=headers), timeout=patience
        ) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise SandboxError(f"The sandbox refused: {error.read().decode(errors='replace')}") from None
    except (OSError, http.client.HTTPException) as error:
        where = "/".join(url.split("/")[:3])
        raise SandboxError(
            f"The sandbox at {where} does not answer: {getattr(error, 'reason', error)}"
        ) from None


def running(folder: Path) -> str:
    """The address of a sandbox that runs: the one AWS_ENDPOINT_URL names, else the one of ``folder``; else empty."""
    started = str((started_in(folder) or {}).get("url", ""))
    return next((url for url in (os.environ.get("AWS_ENDPOINT_URL", ""), started) if answers(url)), "")


def started_in(folder: Path) -> dict[str, Any] | None:
    """What the sandbox of ``folder`` wrote when it started (``pid``, ``port``, ``url``); it may have ended since."""
    try:
        state = json.loads((folder / "sandbox.json").read_text())
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and {"pid", "url"} <= state.keys() else None


def answers(url: str) -> bool:
    """Whether a sandbox is at ``url``."""
    if not url.startswith("http://127.0.0.1"):
        return False
    try:
        return bool(request(f"{url}/_sandbox/health", patience=10).get("sandbox") == "cfgen")
    except (AttributeError, ValueError, SandboxError):
        return False


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits for the end of the block: within it, a process that is begun would be nobody's to end."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


class Sandbox:
    """``with Sandbox() as sb: sb.client("cloudformation")`` — a fresh local CloudFormation for the block.

    ``environment`` is added to what Lambda and CodeBuild processes see.
    """

    def __init__(
        self,
        *,
        folder: Path | str | None = None,
        port: int = 0,
        environment: dict[str, str] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="cfgen-sandbox-")
        self.folder = Path(folder or self._temporary.name)  # type: ignore[union-attr]
        self._port = port
        self._settings = {**(settings or {}), **({"environment": environment} if environment else {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self.url = ""

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, detach: bool = False) -> Sandbox:
        """Start the server and wait until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = self.folder / "sandbox.json"
        state.unlink(missing_ok=True)
        errors = (self.folder / "stderr.log").open("wb")
        command = [
            sys.executable,
            "-m",
            "cfgen.sandbox.server",
            "--folder",
            str(self.folder),
            "--port",
            str(self._port),
        ]
        if not detach:
            command += ["--with-parent", str(os.getpid())]
            command += ["--temporary"] if self._temporary is not None else []
        try:
            with _undisturbed():
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    # a session of its own: Ctrl-C is the command's, which may still need the sandbox to end well
                    start_new_session=True,
                    env={**os.environ, "PYTHONWARNINGS": "ignore"},
                )
            errors.close()
            self._await(state)
        except BaseException:
            # whoever is stopped while it starts leaves none behind
            self.stop()
            raise
        self.url = json.loads(state.read_text())["url"]
        if detach:
            # it is meant to outlive this process: nobody will wait for it
            assert self._process is not None
            self._process.returncode = 0
            self._process = None
        if self._settings:
            self.configure(**self._settings)
        return self

    def _await(self, state: Path) -> None:
        assert self._process is not None
        end = time.monotonic() + 60
        while not state.is_file():
            if self._process.poll() is not None or time.monotonic() > end:
                text = (self.folder / "stderr.log").read_text(errors="replace").strip()
                missing = "No module named" in text
                raise SandboxError(
                    f"The sandbox did not start: {text.splitlines()[-1] if text else 'no message'}",
                    hint=extra("sandbox") if missing else "" if self._temporary else f"see {self.folder}",
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server and forget everything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def environment(self, region: str = REGION) -> dict[str, str]:
        """The variables that make an AWS client talk to this sandbox."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client with the operator's keys."""
        import boto3

        if (service, region) not in self._clients:
            self._session = self._session or boto3.session.Session()
            self._clients[service, region] = self._session.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._clients[service, region]

    def configure(self, **values: Any) -> dict[str, Any]:
        """Change settings (see `cfgen.sandbox.settings.Settings`)."""
        answer: dict[str, Any] = request(f"{self.url}/_sandbox/settings", "POST", values)
        return answer

    def fault(self, kind: str, **values: Any) -> None:
        """Ask for a fault (see `cfgen.sandbox.faults.Fault`)."""
        request(f"{self.url}/_sandbox/faults", "POST", {"kind": kind, **values})

    def faults(self) -> list[dict[str, Any]]:
        """The faults in force and how often each struck."""
        answer: list[dict[str, Any]] = request(f"{self.url}/_sandbox/faults")
        return answer

    def clear_faults(self) -> None:
        """No faults any more."""
        request(f"{self.url}/_sandbox/faults", "DELETE")

    def fire(self, schedule: str, region: str = REGION) -> Any:
        """Let a schedule's or scheduled rule's time come now."""
        return request(f"{self.url}/_sandbox/fire/{schedule}?region={region}", "POST", {})

    def seed(self, template: dict[str, Any], given: dict[str, str], region: str = REGION) -> Seeded:
        """Make what a template (as data) refers to, but what ``given`` parameters name: see `cfgen.sandbox.seed`."""
        from cfgen.sandbox.seed import Seeder

        seeded = Seeder(lambda service: self.client(service, region), region).seed(template, given)
        if seeded.hub_files:
            request(f"{self.url}/_sandbox/hub", "POST", seeded.hub_files)
        return seeded

    def inventory(self) -> list[str]:
        """Everything there is, a line a thing: see `cfgen.sandbox.inventory`."""
        answer: list[str] = request(f"{self.url}/_sandbox/inventory")
        return answer

    def health(self) -> dict[str, Any]:
        """Process id and memory of the server."""
        answer: dict[str, Any] = request(f"{self.url}/_sandbox/health")
        return answer
