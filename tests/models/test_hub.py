"""The hub's client against a hub on loopback: what it asks, what it never shows, and every way to be refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from cfgen.models import inspect
from cfgen.models.errors import (
    DamagedFile,
    GatedModel,
    HubRefused,
    HubUnreachable,
    ModelError,
    NoSuchModel,
    NoSuchRevision,
    NotAModel,
)
from tests.fixtures.hub import Hub
from tests.fixtures.models import CONFIGS, add_model, index_of, safetensors
from tests.models.conftest import TOKEN

MISTRAL = CONFIGS["mistral-7b-instruct-v0.3"]
CONFIG = json.dumps(MISTRAL).encode()
TOTAL = 14496047104
SMALL = safetensors({"a": ("BF16", (10, 10)), "b": ("BF16", (28,))})


def test_facts_of_a_repository(hub: Hub) -> None:
    commit = add_model(
        hub, "org/mistral", MISTRAL, TOTAL, {"tokenizer_config.json": b'{"chat_template": "x"}'}
    )
    facts = inspect("org/mistral")
    assert (facts.id, facts.commit, facts.revision, facts.kind) == ("org/mistral", commit, "", "decoder")
    assert (facts.parameters, facts.weight_bytes, facts.kv_bytes_per_token) == (7248023552, TOTAL, 131072)
    assert (facts.license, facts.gated, facts.weight_format, facts.chat_template) == (
        "apache-2.0",
        "",
        "safetensors",
        True,
    )
    assert {one.path: one.size for one in facts.files}["config.json"] == len(CONFIG)


def test_the_header_is_read_and_the_file_is_not(hub: Hub) -> None:
    weights = safetensors({"a": ("BF16", (3_000_000,))})
    hub.add("org/model", {"config.json": CONFIG, "model.safetensors": weights})
    assert inspect("org/model").weight_bytes == 6_000_000
    (asked,) = hub.asked("cdn")
    assert asked.headers["Range"] == f"bytes=0-{(256 << 10) - 1}"


def test_a_long_header_takes_a_second_request(hub: Hub) -> None:
    weights = safetensors({f"model.layers.{n}.self_attn.q_proj.weight": ("BF16", (2,)) for n in range(4000)})
    assert int.from_bytes(weights[:8], "little") > 256 << 10
    hub.add("org/model", {"config.json": CONFIG, "model.safetensors": weights})
    assert inspect("org/model").parameters == 8000
    assert len(hub.asked("cdn")) == 2


def test_shards_are_counted_when_the_hub_has_not(hub: Hub) -> None:
    shards = {f"model-{n}.safetensors": SMALL for n in (1, 2, 3)}
    hub.add(
        "org/model", {"config.json": CONFIG, "model.safetensors.index.json": index_of(768, *shards), **shards}
    )
    facts = inspect("org/model")
    assert (facts.parameters, facts.weight_bytes) == (3 * 128, 768)


def test_a_long_list_of_files_has_pages(hub: Hub) -> None:
    hub.page = 7
    files = {f"extra/{n}.txt": b"x" for n in range(30)}
    hub.add("org/model", {"config.json": CONFIG, "model.safetensors": SMALL, **files})
    assert len(inspect("org/model").files) == 32


def test_a_branch_and_a_commit(hub: Hub) -> None:
    first = hub.add("org/model", {"config.json": CONFIG, "model.safetensors": SMALL})
    other = json.dumps({**MISTRAL, "num_hidden_layers": 2}).encode()
    hub.add("org/model", {"config.json": other, "model.safetensors": SMALL}, branch="small")
    assert inspect("org/model", "small").layers == 2
    assert inspect("org/model", first).layers == 32
    with pytest.raises(NoSuchRevision, match="no revision 'none'"):
        inspect("org/model", "none")


# -- the token


def test_a_gated_model_needs_a_token_that_is_let_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("meta/gated", {"config.json": CONFIG, "model.safetensors": SMALL}, gated=True)
    with pytest.raises(GatedModel, match="is gated: its files need a token") as caught:
        inspect("meta/gated")
    assert f"{hub.url}/meta/gated" in caught.value.hint
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert inspect("meta/gated").gated == "manual"
    hub.add("meta/other", {"config.json": CONFIG, "model.safetensors": SMALL}, gated=True)
    with pytest.raises(GatedModel, match="has no access") as caught:
        inspect("meta/other")
    assert TOKEN not in str(caught.value) + caught.value.hint


def test_the_token_goes_to_the_hub_alone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.add("meta/gated", {"config.json": CONFIG, "model.safetensors": SMALL}, gated=True)
    inspect("meta/gated")
    assert all(one.headers["Authorization"] == f"Bearer {TOKEN}" for one in hub.asked("hub"))
    assert hub.asked("cdn")
    assert all("Authorization" not in one.headers for one in hub.asked("cdn"))


def test_a_redirect_of_the_api_elsewhere_does_not_take_the_token_along(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.fault("/api/models", origin="hub", status=307, headers={"Location": f"{hub.cdn}/api/models/x"})
    with pytest.raises(ModelError):
        inspect("org/model")
    (elsewhere,) = hub.asked("cdn")
    assert "Authorization" not in elsewhere.headers


def test_an_unknown_token_is_told_and_not_shown(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    hub.add("org/model", {"config.json": CONFIG})
    with pytest.raises(HubRefused, match="does not know the token in HF_TOKEN") as caught:
        inspect("org/model")
    assert "hf_wrong" not in str(caught.value) + caught.value.hint


# -- refusals and faults

FILES: dict[str, tuple[dict[str, bytes], type[ModelError], str]] = {
    "nothing": ({"README.md": b"hi"}, NotAModel, "there is no config.json"),
    "an adapter": (
        {"adapter_config.json": b'{"base_model_name_or_path": "org/base"}'},
        NotAModel,
        "it is an adapter of org/base",
    ),
    "an adapter that is damaged": ({"adapter_config.json": b"["}, NotAModel, "it is an adapter, not a model"),
    "a pipeline": ({"model_index.json": b"{}"}, NotAModel, "diffusion pipeline"),
    "GGUF": ({"m.Q4_K_M.gguf": b"GGUF"}, NotAModel, "GGUF files"),
    "the publisher's own form": ({"params.json": b"{}"}, NotAModel, "publisher's own form"),
    "config is not JSON": ({"config.json": b"{"}, DamagedFile, "config.json is not JSON"),
    "config is a list": ({"config.json": b"[]"}, DamagedFile, "config.json is not a mapping"),
    "config is deep": ({"config.json": b"[" * 100_000}, DamagedFile, "config.json is not JSON"),
    "header is cut": (
        {"config.json": CONFIG, "model.safetensors": struct.pack("<Q", 40) + b"{}" + bytes(60)},
        DamagedFile,
        "has a header that cannot be read",
    ),
    "header is huge": (
        {"config.json": CONFIG, "model.safetensors": struct.pack("<Q", 1 << 62) + b"{}"},
        DamagedFile,
        "names a header of 4,611,686,018,427,387,904 bytes",
    ),
    "header is longer than the file": (
        {"config.json": CONFIG, "model.safetensors": struct.pack("<Q", 500) + b"{}"},
        DamagedFile,
        "names a header of 500 bytes, in a file of 10",
    ),
    "header is a list": (
        {"config.json": CONFIG, "model.safetensors": struct.pack("<Q", 2) + b"[]"},
        DamagedFile,
        "has a header that cannot be read",
    ),
    "negative shape": (
        {
            "config.json": CONFIG,
            "model.safetensors": safetensors({"a": ("BF16", (1,))}).replace(b"[1]", b"-1 "),
        },
        DamagedFile,
        "has a header that cannot be read",
    ),
    "tensors are cut": (
        {"config.json": CONFIG, "model.safetensors": SMALL[:-9]},
        DamagedFile,
        "and its header speaks of",
    ),
    "too short": ({"config.json": CONFIG, "model.safetensors": b"abc"}, DamagedFile, "is too short"),
    "a pointer": (
        {"config.json": CONFIG, "model.safetensors": b"version https://git-lfs.github.com/spec/v1\n"},
        DamagedFile,
        "is only a pointer",
    ),
    "index is not JSON": (
        {"config.json": CONFIG, "model.safetensors.index.json": b"{"},
        DamagedFile,
        "is no index of weights",
    ),
    "index is empty": (
        {"config.json": CONFIG, "model.safetensors.index.json": b'{"weight_map": {}}'},
        DamagedFile,
        "an index of no weights",
    ),
    "index names what is not there": (
        {"config.json": CONFIG, "model.safetensors.index.json": index_of(10, "model-7.safetensors")},
        DamagedFile,
        "names files that are not there, such as model-7.safetensors",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_tell_nothing(hub: Hub, tmp_path: Path, case: str) -> None:
    """The same from the hub and from a folder."""
    files, kind, words = FILES[case]
    hub.add("org/model", files)
    folder = tmp_path / "model"
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    for name in ("org/model", str(folder)):
        with pytest.raises(kind) as caught:
            inspect(name)
        assert words in caught.value.message, caught.value.message


FAULTS: dict[str, tuple[dict[str, Any], type[ModelError], str]] = {
    "a server's fault": ({"status": 500}, HubRefused, "answers 500"),
    "too many requests": ({"status": 429, "headers": {"Retry-After": "3"}}, HubRefused, "answers 429"),
    "something odd": ({"status": 418}, HubRefused, "answers 418"),
    "hang up": ({"reset": True}, HubUnreachable, "cannot be reached"),
    "cut": ({"cut_after": 10}, HubUnreachable, "cannot be reached"),
    "redirect in circles": (
        {"status": 302, "headers": {"Location": "/api/models/org/model"}},
        HubRefused,
        "redirects more than 5 times",
    ),
    "redirect to a file": (
        {"status": 302, "headers": {"Location": "file:///etc/passwd"}},
        HubRefused,
        "no web address",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_of_the_hub(hub: Hub, case: str) -> None:
    what, kind, words = FAULTS[case]
    hub.add("org/model", {"config.json": CONFIG, "model.safetensors": SMALL})
    hub.fault("/api/models", times=100, **what)
    with pytest.raises(kind) as caught:
        inspect("org/model")
    assert words in caught.value.message


@pytest.mark.parametrize("case", ["a server's fault", "too many requests", "hang up", "cut"])
def test_a_fault_that_passes_is_outlived(hub: Hub, case: str) -> None:
    hub.add("org/model", {"config.json": CONFIG, "model.safetensors": SMALL})
    hub.fault("/api/models", times=2, **FAULTS[case][0])
    assert inspect("org/model").layers == 32


def test_no_such_model(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoSuchModel, match="has no such model, or hides it") as caught:
        inspect("org/none")
    assert "HF_TOKEN" in caught.value.hint
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(NoSuchModel):
        inspect("org/none")


def test_something_that_is_no_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "ftp://example.com")
    with pytest.raises(HubRefused, match="HF_ENDPOINT is no web address"):
        inspect("org/model")


@pytest.mark.parametrize("token", ["hf_a\nb", "hf_ä", "hf a"], ids=ascii)
def test_a_token_that_is_none_is_refused_and_not_shown(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubRefused, match="HF_TOKEN holds a space") as caught:
        inspect("org/model")
    assert "hf_" not in caught.value.message + caught.value.hint


def test_nobody_there(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubUnreachable, match="Connection refused") as caught:
        inspect("org/model")
    assert "folder" in caught.value.hint


# -- the cache


def test_a_commit_is_asked_for_once(hub: Hub) -> None:
    commit = add_model(hub, "org/model", MISTRAL, TOTAL)
    first = inspect("org/model")
    asked = len(hub.requests)
    assert inspect("org/model") == first
    assert len(hub.requests) == asked + 1, "a branch may have moved: one look"
    assert inspect("org/model", commit).commit == commit
    assert len(hub.requests) == asked + 1, "a commit cannot"


def test_what_was_seen_once_is_there_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    add_model(hub, "org/model", MISTRAL, TOTAL)
    seen = inspect("org/model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(hub.requests)
    assert inspect("org/model") == seen
    assert len(hub.requests) == asked
    with pytest.raises(HubUnreachable, match="HF_HUB_OFFLINE is set"):
        inspect("org/other")


def test_a_damaged_cache_is_an_empty_one(hub: Hub, tmp_path: Path) -> None:
    add_model(hub, "org/model", MISTRAL, TOTAL)
    seen = inspect("org/model")
    for path in (tmp_path / "cache" / "models").iterdir():
        path.write_text('{"format": 1, "layers": "many"}')
    assert inspect("org/model") == seen


def test_an_unwritable_cache_is_no_fault(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    add_model(hub, "org/model", MISTRAL, TOTAL)
    assert inspect("org/model").layers == 32


# -- folders


def test_a_folder_is_read_without_a_hub(hub: Hub, tmp_path: Path) -> None:
    files = {
        "config.json": CONFIG,
        "model.safetensors": SMALL,
        "README.md": b"---\nlicense: mit\n---\n# Model\n",
    }
    for path, data in {**files, ".git/HEAD": b"x"}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    facts = inspect(str(tmp_path))
    assert (facts.license, facts.commit, facts.weight_bytes) == ("mit", "", 256)
    assert {one.path for one in facts.files} >= set(files)
    assert not any(one.path.startswith(".git/") for one in facts.files)
    assert not hub.requests


@pytest.mark.parametrize(
    "card", ["---\n[", "---\n- a\n---", "none", "---\nlicense: [mit, x]\nlicense: !!python/x\n"]
)
def test_a_card_that_cannot_be_read_says_nothing(tmp_path: Path, card: str) -> None:
    (tmp_path / "config.json").write_bytes(CONFIG)
    (tmp_path / "README.md").write_text(card)
    assert inspect(str(tmp_path)).license == ""


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such folder"):
        inspect(str(tmp_path / "none"))
    with pytest.raises(ModelError, match="is a folder, which has no revisions"):
        inspect(str(tmp_path), "main")


def test_the_real_client_counts_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """huggingface_hub reads the same headers of the same files."""
    import huggingface_hub

    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    shards = {
        "model-1.safetensors": SMALL,
        "model-2.safetensors": safetensors({"c": ("F32", (7, 3)), "d": ("BF16", (5,))}, 4),
    }
    index = json.dumps(
        {
            "metadata": {"total_size": 1},
            "weight_map": {"a": "model-1.safetensors", "c": "model-2.safetensors"},
        }
    ).encode()
    hub.add("org/model", {"config.json": CONFIG, "model.safetensors.index.json": index, **shards})
    theirs = huggingface_hub.HfApi(endpoint=hub.url).get_safetensors_metadata("org/model")
    assert inspect("org/model").parameters == sum(theirs.parameter_count.values()) == 100 + 28 + 21 + 5
