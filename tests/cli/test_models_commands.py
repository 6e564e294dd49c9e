"""``cfgen inspect``, ``size`` and ``init`` as typed, against a hub on loopback."""

from __future__ import annotations

import json
import os
import pty
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from cfgen import pipeline
from cfgen.cli import cli
from cfgen.errors import CfgenError
from cfgen.starter import Starter, stack_name, text
from tests.fixtures.hub import Hub
from tests.fixtures.models import CONFIGS, add_model, safetensors
from tests.models.conftest import TOKEN

MISTRAL = "mistralai/Mistral-7B-Instruct-v0.3"


@pytest.fixture
def run(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run cfgen in an empty folder, with a few models on the hub."""
    monkeypatch.chdir(tmp_path)
    add_model(hub, MISTRAL, CONFIGS["mistral-7b-instruct-v0.3"], 14496047104)
    add_model(hub, "org/awq", CONFIGS["llama-3.1-70b-awq-int4"], 39712354457, counted=None)
    add_model(
        hub,
        "meta/gated",
        CONFIGS["llama-3.1-8b-instruct"],
        16060522496,
        gated=True,
        card={"license": "llama3.1"},
    )
    mini = CONFIGS["all-MiniLM-L6-v2"]
    files = {
        "config.json": json.dumps(mini).encode(),
        "model.safetensors": safetensors({"a": ("F32", (64,))}, 4),
    }
    hub.add("org/mini", files | {"modules.json": b"[]"})
    hub.add("org/odd", files | {"config.json": b'{"model_type": "mamba"}'})

    def invoke(*arguments: str, **how: Any) -> Result:
        return CliRunner().invoke(cli, list(arguments), **how)

    return invoke


def output(result: Result) -> str:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout


def refusal(result: Result) -> CfgenError:
    assert isinstance(result.exception, CfgenError), result.output
    return result.exception


# -- inspect


def test_inspect_says_what_a_model_is(run: Any) -> None:
    told = output(run("inspect", MISTRAL))
    for words in (
        "mistral", "7,248,023,552 (7.25B)", "14,496,047,104 bytes (13.50 GiB), bfloat16, safetensors",
        "131,072 bytes a token (128 KiB)", "32,768 tokens", "apache-2.0", "open", "config.json",
    ):  # fmt: skip
        assert words in told, words


def test_inspect_says_what_is_unusual(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "quantisation:   awq, 4 bits, in groups of 128" in output(run("inspect", "org/awq"))
    assert "unknown: its architecture (mamba) is not known" in output(run("inspect", "org/odd"))
    assert "encoder, made for embeddings" in output(run("inspect", "org/mini"))
    folder = tmp_path / "folder"
    folder.mkdir()
    config = {**CONFIGS["all-MiniLM-L6-v2"], "auto_map": {"AutoModel": "m.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "pytorch_model.bin").write_bytes(bytes(100))
    for number in range(20):
        (folder / f"{number:02}.txt").touch()
    told = output(run("inspect", "folder"))
    assert "pickle (may run code when loaded)" in told
    assert "brings Python code of its own" in told
    assert "and 10 smaller files (--files lists all)" in told
    assert "19.txt" in output(run("inspect", "folder", "--files"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert "gated: terms to accept" in output(run("inspect", "meta/gated"))


def test_inspect_as_json_is_what_a_program_wants(run: Any) -> None:
    told = json.loads(output(run("inspect", MISTRAL, "--format", "json")))
    assert (told["parameters"], told["kvBytesPerToken"], told["license"]) == (
        7248023552,
        131072,
        "apache-2.0",
    )
    assert {"path": "config.json", "size": len(json.dumps(CONFIGS["mistral-7b-instruct-v0.3"]))} in told[
        "files"
    ]


# -- size


def test_size_is_a_table_and_its_arithmetic(run: Any) -> None:
    lines = output(run("size", MISTRAL)).splitlines()
    assert lines[0] == f"{MISTRAL} on vllm: 4 requests at once, each of up to 8,192 tokens"
    assert lines[1].split() == ["TYPE", "HARDWARE", "SPLIT", "TOKENS", "REQUESTS", "USD/h", "REGIONS"]
    assert lines[2].split() == [
        "ml.g6.2xlarge",
        "1",
        "×",
        "L4,",
        "32",
        "GiB",
        "1",
        "47,005",
        "5.7",
        "1.222",
        "17",
    ]
    assert any(line.startswith("GPU memory: 0.9 × 22.35") for line in lines)
    assert any("more types (--all" in line for line in lines)
    assert not any(line.startswith("not ") for line in lines)


def test_size_says_why_the_others_do_not_fit(run: Any) -> None:
    told = output(run("size", MISTRAL, "--all", "--region", "us-east-1", "--max-price", "2"))
    assert "not ml.g5.xlarge, ml.g6.xlarge: loading takes 19.5 GiB of host memory" in told
    assert "not ml.p5.4xlarge: it is not hosted in us-east-1" in told
    assert "ml.inf2.*" in told
    assert "ml.g5.*" not in told, "some of the family fit"


def test_size_as_json(run: Any) -> None:
    told = json.loads(
        output(run("size", MISTRAL, "--concurrency", "1", "--context", "1024", "--format", "json"))
    )
    first = told["options"][0]
    assert told["choice"] == first["instanceType"]
    assert (first["tensorParallel"], first["hourlyUsd"]) == (1, 1.222)
    assert "us-east-1" in first["regions"]
    assert len(told["options"]) + len(told["rejected"]) > 200


def test_size_when_nothing_fits(run: Any) -> None:
    error = refusal(run("size", MISTRAL, "--max-price", "0.1"))
    assert "no instance type fits 4 × 8,192 tokens" in error.message
    done = run("size", MISTRAL, "--max-price", "0.1", "--format", "json", standalone_mode=False)
    assert done.return_value == 1
    assert json.loads(done.stdout)["options"] == []
    assert "(mamba) is not known" in refusal(run("size", "org/odd")).message


def test_size_of_a_spec_takes_what_it_says(run: Any, tmp_path: Path) -> None:
    spec = {
        "name": "a",
        "model": {"type": "container", "modelId": MISTRAL, "container": "tgi:3.3"},
        "endpoint": {"instanceType": "ml.g5.2xlarge", "context": 2048},
        "regions": ["eu-west-1"],
    }
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(spec))
    lines = output(run("size", "a.yaml", "--concurrency", "2")).splitlines()
    assert lines[0] == f"{MISTRAL} on tgi:3.3: 2 requests at once, each of up to 2,048 tokens"
    assert lines[2].endswith(" 1"), "one region"
    assert run("size", "a.yaml", "--revision", "main").exit_code == 2


def test_facts_from_a_copy_of_the_model_where_there_is_no_hub(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    spec = tmp_path / "a.yaml"
    model = {"type": "container", "modelId": "org/elsewhere", "container": "vllm"}
    spec.write_text(yaml.safe_dump({"name": "a", "model": model, "endpoint": {"instanceType": "auto"}}))
    with pytest.raises(CfgenError, match="cannot be reached"):
        pipeline.render_checked(spec)
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIGS["mistral-7b-instruct-v0.3"]))
    done = run("size", "a.yaml", "--facts", "copy")
    assert output(done).startswith("org/elsewhere on vllm")
    assert "a.facts.json: the facts are kept here" in done.stderr
    assert "ml.g6.2xlarge" in pipeline.render_checked(spec).decisions[0]
    assert "kept here" not in run("size", "a.yaml", "--facts", "copy").stderr
    assert run("size", "copy", "--facts", "copy").exit_code == 2


def test_facts_are_no_specs(run: Any, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    model = {"type": "container", "modelId": MISTRAL, "container": "vllm"}
    spec = {"name": "a", "model": model, "endpoint": {"instanceType": "auto"}}
    (tmp_path / "specs" / "a.yaml").write_text(yaml.safe_dump(spec))
    assert "1 spec valid" in output(run("validate", "specs/*"))
    assert (tmp_path / "specs" / "a.facts.json").exists()
    assert "1 spec valid" in output(run("validate", "specs/*"))


# -- init


def checked(path: Path) -> dict[str, Any]:
    """The spec's content; it renders, passes the check, and asks no hub."""
    pipeline.render_checked(path)
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def test_init_writes_a_spec_that_renders_at_once(run: Any, hub: Hub, tmp_path: Path) -> None:
    done = run("init", MISTRAL)
    assert output(done).splitlines()[0] == f"mistral-7b-instruct-v0-3.yaml: {MISTRAL} on ml.g6.2xlarge"
    asked = len(hub.requests)
    spec = checked(tmp_path / "mistral-7b-instruct-v0-3.yaml")
    assert len(hub.requests) == asked
    assert spec["endpoint"] == {"instanceType": "ml.g6.2xlarge"}
    assert spec["model"]["revision"] == hub.repositories[MISTRAL].branches["main"]
    assert spec["model"]["container"].startswith("vllm:")
    comments = (tmp_path / "mistral-7b-instruct-v0-3.yaml").read_text()
    assert "# KV cache: 128 KiB a token, so 47,005 tokens fit" in comments
    assert "ml.g5.2xlarge (1.51)" in comments or "ml.g5.2xlarge (1.52)" in comments


def test_init_writes_down_what_follows_from_the_models_own_figures(run: Any, tmp_path: Path) -> None:
    output(
        run(
            "init",
            "org/awq",
            "-o",
            "x/awq.yaml",
            "--region",
            "eu-west-1",
            "--context",
            "4096",
            "--name",
            "awq",
        )
    )
    spec = checked(tmp_path / "x" / "awq.yaml")
    # of a name without a size less is expected to load
    limits = {"context": 4096, "startupHealthCheckTimeout": 1200}
    assert spec["endpoint"] == {"instanceType": "ml.g4dn.12xlarge", **limits}
    assert spec["model"]["env"]["SM_VLLM_DTYPE"] == "float16"
    assert (spec["name"], spec["regions"]) == ("awq", ["eu-west-1"])


def test_init_of_an_embedding_model(run: Any, tmp_path: Path) -> None:
    output(run("init", "org/mini"))
    spec = checked(tmp_path / "mini.yaml")
    assert spec["model"]["container"].startswith("tei:")
    assert spec["endpoint"]["instanceType"] == "ml.c5.xlarge"


def test_init_of_a_gated_model(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    error = refusal(run("init", "meta/gated"))
    assert "is gated" in error.message
    assert "--instance-type" in error.hint
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    done = run("init", "meta/gated")
    assert "read the licence of meta/gated" in done.stderr
    assert "names the secret huggingface-token" in done.stderr
    path = tmp_path / "gated.yaml"
    assert TOKEN not in path.read_text() + done.output
    with pytest.raises(CfgenError, match=r"Llama 3\.1 Community License is not permissive"):
        pipeline.render_checked(path)
    output(run("init", "meta/gated", "--accept-license", "--force", "--token-secret", "prod/hub"))
    spec = checked(path)
    assert (spec["model"]["tokenSecret"], spec["model"]["staging"]) == ("prod/hub", "s3")


def test_init_replaces_nothing_unasked(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    error = refusal(run("init", MISTRAL, "-o", "mine.yaml"))
    assert (error.message, (tmp_path / "mine.yaml").read_text()) == ("mine.yaml is there already", "mine")
    output(run("init", MISTRAL, "-o", "mine.yaml", "--force"))
    checked(tmp_path / "mine.yaml")


def test_init_offline_takes_a_named_type(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    error = refusal(run("init", "org/other-7b"))
    assert "cannot be reached" in error.message
    assert "--instance-type" in error.hint
    assert not list(tmp_path.glob("*.yaml"))
    done = run("init", "org/other-7b", "--instance-type", "ml.g5.xlarge")
    assert "written without facts" in done.stderr
    assert checked(tmp_path / "other-7b.yaml")["endpoint"]["instanceType"] == "ml.g5.xlarge"
    # a card that nobody has read names nothing, and does not name nothing either
    assert "names no licence" not in (tmp_path / "other-7b.yaml").read_text()


def test_init_with_a_type_that_does_not_fit_says_so(run: Any, tmp_path: Path) -> None:
    done = run("init", MISTRAL, "--instance-type", "ml.g6.xlarge")
    assert "ml.g6.xlarge: loading takes 19.5 GiB of host memory" in done.stderr
    assert "# Chosen by hand" in (tmp_path / "mistral-7b-instruct-v0-3.yaml").read_text()
    assert (
        "no instance type 'ml.none.large'"
        in refusal(run("init", MISTRAL, "--instance-type", "ml.none.large")).message
    )


@pytest.mark.parametrize("arguments", [(), (".",), (MISTRAL, "--context", "3")])
def test_init_as_it_is_not_used(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("init", *arguments).exit_code == 2


def test_init_of_what_cannot_be_sized(run: Any, tmp_path: Path) -> None:
    assert "(mamba)" in refusal(run("init", "org/odd")).message
    assert "serves 32,768 tokens at most" in refusal(run("init", MISTRAL, "--context", "40000")).message
    assert "no instance type fits" in refusal(run("init", MISTRAL, "--max-price", "0.2")).message
    assert not list(tmp_path.glob("*.yaml"))


def test_init_asks_on_a_terminal(run: Any, hub: Hub, tmp_path: Path) -> None:
    """A real terminal: prompts with what they offer, and the answers in the spec."""
    program = [sys.executable, "-m", "cfgen", "init", "-o", "asked.yaml"]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(program[0], program, {**os.environ, "NO_COLOR": "1"})
    shown = ""
    for question, answer in (
        ("Model (Hugging Face id)", MISTRAL),
        ("Tokens of a prompt and its answer [8192]", "4096"),
        ("Requests served at once [4]", ""),
        ("Instance type [ml.g6.2xlarge]", "ml.g5.2xlarge"),
        ("next: cfgen render asked.yaml", ""),
    ):
        deadline = time.monotonic() + 30
        while question not in shown:
            assert time.monotonic() < deadline, shown
            shown += os.read(terminal, 4096).decode()
        shown = shown.partition(question)[2]
        if answer or question.endswith("]"):
            os.write(terminal, f"{answer}\n".encode())
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert checked(tmp_path / "asked.yaml")["endpoint"] == {"instanceType": "ml.g5.2xlarge", "context": 4096}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (MISTRAL, "mistral-7b-instruct-v0-3"),
        ("gpt2", "gpt2"),
        ("org/4bit-Model_X", "bit-model-x"),
        ("org/" + "a" * 60, "a" * 40),
        ("org/123", "model"),
    ],
)
def test_names(model: str, name: str) -> None:
    assert stack_name(model) == name


@pytest.mark.parametrize("value", ["0123456789", "yes", "null", "a: b", "on", "#x", "1e5", "x:1.0"])
def test_text_stays_text(value: str) -> None:
    starter = Starter("n", "org/m", value, "vllm", "ml.g5.xlarge", license=value)
    model = yaml.safe_load(text(starter))["model"]
    assert (model["revision"], model["license"]["id"]) == (value, value)
