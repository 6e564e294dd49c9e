"""The test hub is a hub: the real client reads from it, and is refused by it, as by the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from tests.fixtures.hub import Hub
from tests.functions.conftest import TOKEN

FILES = {"config.json": b"{}", "sub/notes.txt": b"notes", "model.safetensors": bytes(3_000_000)}


@pytest.fixture
def api(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    hub.add("org/model", FILES)
    hub.add("meta/gated", FILES, gated=True)
    hub.add("meta/closed", FILES, gated=True)
    hub.add("acme/private", FILES, private=True)
    return huggingface_hub.HfApi(endpoint=hub.url)


def test_a_snapshot(api: Any, hub: Hub, tmp_path: Path) -> None:
    folder = Path(api.snapshot_download("org/model", cache_dir=tmp_path / "cache"))
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert there == FILES
    assert folder.name == hub.repositories["org/model"].branches["main"]
    assert hub.asked("cdn")


def test_what_the_api_tells(api: Any, hub: Hub) -> None:
    about = api.model_info("org/model", files_metadata=False)
    assert about.sha == hub.repositories["org/model"].branches["main"]
    assert about.card_data.license == "apache-2.0"
    tree = {one.path: one for one in api.list_repo_tree("org/model", recursive=True)}
    assert tree["model.safetensors"].lfs.size == 3_000_000
    assert tree["sub"].tree_id
    assert {one.path for one in api.get_paths_info("org/model", ["config.json"])} == {"config.json"}
    assert {one.path for one in api.list_repo_tree("org/model", "sub")} == {"sub/notes.txt"}


@pytest.mark.parametrize(
    ("name", "token", "error"),
    [
        ("org/mistyped", None, errors.RepositoryNotFoundError),
        ("org/mistyped", TOKEN, errors.RepositoryNotFoundError),
        ("acme/private", None, errors.RepositoryNotFoundError),
        ("meta/gated", None, errors.GatedRepoError),
        ("meta/closed", TOKEN, errors.GatedRepoError),
    ],
)
def test_refusals(api: Any, tmp_path: Path, name: str, token: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        api.hf_hub_download(name, "model.safetensors", cache_dir=tmp_path, token=token or False)


def test_other_refusals(api: Any, tmp_path: Path) -> None:
    with pytest.raises(errors.RevisionNotFoundError):
        api.model_info("org/model", revision="nowhere")
    with pytest.raises(errors.EntryNotFoundError):
        api.hf_hub_download("org/model", "nothing.txt", cache_dir=tmp_path)


@pytest.mark.parametrize("name", ["meta/gated", "acme/private"])
def test_access(api: Any, tmp_path: Path, name: str) -> None:
    path = api.hf_hub_download(name, "model.safetensors", cache_dir=tmp_path, token=TOKEN)
    assert Path(path).read_bytes() == FILES["model.safetensors"]
