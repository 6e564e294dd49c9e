"""A hub for each test, with the real client's address set to it, and a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgen.models import hub as client
from tests.fixtures.hub import Hub

TOKEN = "hf_" + "a" * 34


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(client.time, "sleep", lambda _: None)
    with Hub(tokens={TOKEN: {"meta/gated"}}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running
