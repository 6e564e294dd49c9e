"""Fixtures of the served stack. These tests run in their own environment: `make test-serving`."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.models import CODE, make_artifact, spec_env
from tests.serving.stack import Server, serve

sys.path.insert(0, str(CODE))  # as the toolkit does


class Outside:
    """Stands for the internet: counts who calls, and hangs up."""

    def __init__(self) -> None:
        self.calls = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    found = Outside()
    yield found
    found.listener.close()


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of specs/embeddings.yaml, its two larger models replaced by tiny ones."""
    return make_artifact(tmp_path_factory.mktemp("artifact"))


@pytest.fixture(scope="session")
def server(artifact: Path, outside: Outside) -> Iterator[Server]:
    """The artifact, served as the spec says. Whatever would go to the internet goes to `outside`."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), outside.url)
    with serve(artifact, env={**spec_env(), **proxies, "HF_ENDPOINT": outside.url}) as running:
        yield running
