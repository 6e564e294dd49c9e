"""The stand-in hub: asked by the real `huggingface_hub`, by hand, and left for another one."""

from __future__ import annotations

import hashlib
import json
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cfgen.sandbox import Sandbox
from cfgen.sandbox.hub import WHAT, Hub, commit_of, files

PINNED = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    hub.start()
    yield hub
    hub.stop()


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, dict(answer.headers.items()), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers.items()), error.read()


@pytest.mark.parametrize(("revision", "commit"), [(PINNED, PINNED), ("main", commit_of("org/model", "main"))])
def test_the_real_client_takes_a_snapshot(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str, commit: str
) -> None:
    import huggingface_hub

    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    api: Any = huggingface_hub.HfApi(endpoint=hub.url)
    assert api.model_info("org/model", revision=revision).sha == commit
    place = Path(api.snapshot_download("org/model", revision=revision, cache_dir=tmp_path))
    got = {path.name: path.read_bytes() for path in place.iterdir()}
    assert got == files("org/model", commit)
    assert all(WHAT.encode() in data for data in got.values())


def test_other_content_is_other_bytes(hub: Hub) -> None:
    def digest(name: str, revision: str) -> str:
        status, _, data = get(f"{hub.url}/{name}/resolve/{revision}/model.safetensors")
        assert status == 200
        return hashlib.sha256(data).hexdigest()

    asked = [("org/one", PINNED), ("org/two", PINNED), ("org/one", "main"), ("gpt2", "main")]
    assert len({digest(*one) for one in asked}) == 4
    assert digest("org/one", PINNED) == digest("org/one", PINNED)


def test_the_weights_are_a_valid_file(hub: Hub) -> None:
    _, _, data = get(f"{hub.url}/org/model/resolve/main/model.safetensors")
    (length,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + length])
    assert head["stand_in"]["data_offsets"] == [0, len(data) - 8 - length]
    assert WHAT in head["__metadata__"]["about"]


def test_parts_of_files(hub: Hub) -> None:
    url = f"{hub.url}/org/model/resolve/main/config.json"
    _, _, whole = get(url)
    assert get(url, Range="bytes=3-9")[::2] == (206, whole[3:10])
    assert get(url, Range="bytes=5-")[::2] == (206, whole[5:])
    assert get(url, Range=f"bytes={len(whole)}-")[0] == 416


def test_files_asked_for_besides_the_usual_ones(hub: Hub) -> None:
    hub.add("org/model", ["gguf/stand-in-Q4.gguf"])
    _, _, listing = get(f"{hub.url}/api/models/org/model/tree/main?recursive=true")
    entry = {one["path"]: one for one in json.loads(listing)}["gguf/stand-in-Q4.gguf"]
    _, _, data = get(f"{hub.url}/org/model/resolve/main/gguf/stand-in-Q4.gguf")
    assert entry["lfs"] == {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    _, _, other = get(f"{hub.url}/api/models/org/other/tree/main")
    assert "gguf" not in other.decode()


@pytest.mark.parametrize("path", ["org/model/resolve/main/nothing.bin", "api/datasets/org/data"])
def test_what_it_does_not_have(hub: Hub, path: str) -> None:
    status, headers, data = get(f"{hub.url}/{path}")
    assert (status, headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert "stand-in hub" in json.loads(data)["error"]


def test_it_says_what_it_is(hub: Hub) -> None:
    assert WHAT in get(f"{hub.url}/")[2].decode()


def test_another_hub_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with Sandbox() as sandbox:
        assert sandbox.health()["hub"] == {"url": "http://127.0.0.1:9", "standIn": False}
        sandbox.configure(environment={"HF_ENDPOINT": "http://127.0.0.1:10"})
        assert sandbox.health()["hub"]["url"] == "http://127.0.0.1:10"
