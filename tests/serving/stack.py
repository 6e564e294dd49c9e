"""The real serving stack of the Hugging Face inference container, on loopback and without a container.

    with serve(artifact, python=SERVING_PYTHON) as server:
        status, answer = server.invoke({"inputs": "a text"})

    .venvs/serving/bin/python -m tests.serving.stack ARTIFACT PORT      # until its input ends

The artifact's folder stands where SageMaker mounts it, and cannot be written. What starts is the toolkit's own
entry point, which starts multi-model-server. Needs only the standard library: another environment's tests may
use it, naming the python of the one that requirements/serving.txt describes.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVING_PYTHON = ROOT / ".venvs" / "serving" / "bin" / "python"


@dataclass
class Server:
    """A running model server."""

    port: int
    process: subprocess.Popen[bytes]
    log_file: Path
    started: float
    seconds: float = 0
    """From the start to the first /ping that was answered with 200."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def ping(self) -> int:
        """The status of /ping; 0 if nobody answers."""
        try:
            return self.request("GET", "/ping", timeout=5)[0]
        except OSError:
            return 0

    def invoke(self, body: Any, timeout: float = 120, **headers: str) -> tuple[int, Any]:
        """Status and answer of a request; a body of bytes is sent as it is, any other as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): one for name, one in headers.items()},
        }
        status, answer = self.request("POST", "/invocations", data, sent, timeout)
        return status, json.loads(answer) if answer else None

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            reply = connection.getresponse()
            return reply.status, reply.read()

    def memory(self) -> dict[str, int]:
        """MiB of memory held by the server's processes: the Java front end, and Python."""
        held = {"java": 0, "python": 0}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError, StopIteration):
                if os.getpgid(int(folder.name)) == self.process.pid:
                    name = "java" if (folder / "comm").read_text().strip() == "java" else "python"
                    lines = (folder / "smaps_rollup").read_text().splitlines()
                    held[name] += (
                        int(next(line for line in lines if line.startswith("Pss:")).split()[1]) // 1024
                    )
        return held


@contextlib.contextmanager
def serve(
    artifact: Path,
    port: int = 0,
    *,
    env: Mapping[str, str] | None = None,
    python: Path | str = sys.executable,
    timeout: float = 180,
) -> Iterator[Server]:
    """Serve an artifact's folder, with a container's environment variables, from /ping's first 200 on."""
    work = Path(tempfile.mkdtemp(prefix="serving-"))  # a short path: sockets stand in it
    port = port or _free_port()
    (work / "ml").mkdir()
    (work / "ml" / "model").symlink_to(Path(artifact).resolve(), target_is_directory=True)
    variables = {
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
        "HOME": str(work),
        "TMPDIR": str(work),
        "TEMP": str(work),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",  # as in the image
        "OMP_WAIT_POLICY": "PASSIVE",  # other tests share the processors: torch's threads are not to spin
        "SAGEMAKER_BASE_DIR": str(work / "ml"),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        "MMS_INFERENCE_ADDRESS": f"http://127.0.0.1:{port}",
        "MMS_MANAGEMENT_ADDRESS": f"http://127.0.0.1:{port}",
        **({"JAVA_HOME": os.environ["JAVA_HOME"]} if "JAVA_HOME" in os.environ else {}),
        **(env or {}),
    }
    command = [str(python), "-W", "ignore", str(Path(__file__).resolve()), "--toolkit"]
    log_file = work / "log"
    with _read_only(Path(artifact)), log_file.open("wb") as log:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=work,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        server = Server(port, process, log_file, started)
        try:
            while server.ping() != 200:
                if process.poll() is not None or time.monotonic() - started > timeout:
                    raise RuntimeError(f"the model server did not start:\n{server.log[-4000:]}")
                time.sleep(0.1)
            server.seconds = time.monotonic() - started
            yield server
        finally:
            _end(process)
            shutil.rmtree(work, ignore_errors=True)


def _free_port() -> int:
    """A free port below 32,766: multi-model-server takes none above (Connector.parse)."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


@contextlib.contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Take the right to write from everything in a folder, and give it back."""
    paths = [folder, *folder.rglob("*")]
    modes = [(path, stat.S_IMODE(path.stat().st_mode)) for path in paths if not path.is_symlink()]
    try:
        for path, mode in modes:
            path.chmod(mode & ~0o222)
        yield
    finally:
        for path, mode in modes:
            path.chmod(mode)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the toolkit, the model server and its workers: one process group."""
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _alive(process):
            time.sleep(0.05)


def _alive(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _start() -> None:
    """Give up root's power to write what is read-only, which lasts from the next program on; then the toolkit."""
    drop, override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    ctypes.CDLL(None).prctl(drop, override, 0, 0, 0)
    os.execv(sys.executable, [sys.executable, "-W", "ignore", __file__, "--really"])


def _toolkit() -> None:
    """What the image's entry point runs."""
    sys.path.pop(0)  # this folder, which is not in an image
    from sagemaker_huggingface_inference_toolkit import mms_model_server, serving
    from sagemaker_inference import model_server

    # Its configuration is written to /etc, where two servers would meet, and only root may write.
    mms_model_server.MMS_CONFIG_FILE = model_server.MMS_CONFIG_FILE = f"{os.environ['TMPDIR']}/mms.properties"
    serving.main()


if __name__ == "__main__":
    if sys.argv[1:] == ["--toolkit"]:
        _start()
    elif sys.argv[1:] == ["--really"]:
        _toolkit()
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with serve(Path(sys.argv[1]), int(sys.argv[2])) as running:
            print(f"{running.url} after {running.seconds:.1f} s", flush=True)
            sys.stdin.read()
