"""``cfgen catalog models``: what is found, how it is shown, and what is said when nothing is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.specs import spec_of

from cfgen.catalogue import load as load_catalogue
from cfgen.catalogue.errors import CatalogueError
from cfgen.catalogue.jumpstart import load
from cfgen.catalogue.jumpstart_search import TASKS, framework_of, size_range, task_of
from cfgen.cli import cli, main
from cfgen.resolve import resolve

LLAMA = "meta-textgeneration-llama-3-1-8b-instruct"


def run(*words: str) -> Result:
    """``cfgen catalog models …``"""
    return CliRunner().invoke(cli, ["catalog", "models", *words], prog_name="cfgen")


def records(*words: str) -> list[dict[str, Any]]:
    """What it finds."""
    found: list[dict[str, Any]] = json.loads(run(*words, "--format", "json").stdout)
    return found


def names(*words: str) -> list[str]:
    """The ids that it finds."""
    return [record["model_id"] for record in records(*words)]


def edge(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and stderr at the command line's edge."""
    with pytest.raises(SystemExit) as caught:
        main(["catalog", "models", *words])
    return int(str(caught.value.code)), capsys.readouterr().err


def test_a_line_a_model() -> None:
    lines = run("llama-3-1-8b", "instruct").stdout.splitlines()
    assert lines[0].split() == ["MODEL", "VERSION", "TASK", "SIZE", "GATED", "TYPE", "REGIONS"]
    assert lines[1].split() == [LLAMA, "2.2.4", "text-generation", "8B", "gated", "ml.g5.4xlarge", "21"]
    assert len(lines) == 2


@pytest.mark.parametrize(
    "words", [("llama 3.1 8b",), ("Llama", "3.1", "8B"), ("llama-3.1-8b",), ("llama_3_1", "8b")]
)
def test_dots_and_spaces_are_as_people_write_them(words: tuple[str, ...]) -> None:
    assert names(*words) == [LLAMA.removesuffix("-instruct"), LLAMA]


def test_all_of_them() -> None:
    assert len(run().stdout.splitlines()) == 339


def test_a_retired_default_is_not_shown() -> None:
    assert run("zstc-facebook-bart-large-mnli").stdout.splitlines()[1].split()[-2:] == [
        "ml.g4dn.xlarge",
        "33",
    ]


def test_everything_about_one() -> None:
    (record,) = records(LLAMA)
    assert record["newest"] == "2.6.0"
    assert record["versions"] == 12
    assert record["framework"] == "djl"
    assert record["artifact"].startswith("s3://jumpstart-private-cache-prod-REGION/meta-textgeneration/")
    assert record["images"] == ["djl-inference:0.29.0-lmi11.0.0-cu124"]
    assert record["hosted_instance_types"][0] == "ml.g5.4xlarge"
    assert record["eula"].endswith("llama3_1Eula.txt")
    assert record["parameters_billion"] == 8.0
    assert "us-east-1" in record["regions"]


def test_by_task_software_size_gate_and_region() -> None:
    assert "huggingface-sentencesimilarity-bge-m3" in names("--task", "similarity")
    assert all(name.startswith("model-imagegeneration") for name in names("--framework", "stabilityai"))
    sizes = [record["parameters_billion"] for record in records("--size", "7b..9b")]
    assert sizes
    assert all(7 <= size <= 9 for size in sizes)
    assert LLAMA in names("--gated")
    assert LLAMA not in names("--open")
    assert set(names("--gated")) | set(names("--open")) == set(load().ids)
    assert LLAMA in names("--region", "il-central-1")
    assert LLAMA not in names("--region", "us-west-1")


def test_words_are_of_id_task_and_software() -> None:
    assert names("TRANSLATION", "opus")
    assert set(names("tgi")) <= set(names("--framework", "tgi"))


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("8b", (7.2, 8.8)),
        ("500M", (0.45, 0.55)),
        ("7b..14b", (7.0, 14.0)),
        ("70b..", (70.0, float("inf"))),
        ("..1.5b", (0.0, 1.5)),
    ],
)
def test_sizes(text: str, limits: tuple[float, float]) -> None:
    assert size_range(text) == pytest.approx(limits)


@pytest.mark.parametrize("text", ["", "8", "8x", "..", "big", "1b...2b", "-1b"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(CatalogueError, match="is not a size"):
        size_range(text)


def test_nothing_found(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = edge(capsys, "meta-textgeneration-llama-3-1-8b-instrct")
    assert code == 1
    assert "did you mean meta-textgeneration-llama-3-1-8b-instruct" in err
    code, err = edge(capsys, "bert", "--gated")
    assert (code, err) == (1, "No JumpStart model with 'bert' matches; try fewer words or options\n")
    code, err = edge(capsys, "--region", "us-east-9")
    assert code == 1
    assert "did you mean 'us-east-" in err
    assert edge(capsys, "--size", "eight")[0] == 1


def test_every_model_has_a_task_and_software() -> None:
    """A refresh that brings a new kind shows here; the kind then gets a line in TASKS or FRAMEWORKS."""
    models = load()
    assert {model_id for model_id in models.ids if not task_of(model_id)} == set()
    assert {name for name in models.ids if not framework_of(models.release(name))} == set()
    assert len(set(TASKS.values())) < len(TASKS)
    assert task_of("nothing") == ""


def test_regions_are_those_of_the_template() -> None:
    """What the search promises, a template keeps (but for regions without CloudFormation's resource types)."""

    catalogue = load_catalogue()
    data = {
        "name": "example",
        "model": {"type": "jumpstart", "modelId": LLAMA, "acceptEula": True},
        "endpoint": {"instanceType": "auto"},
    }
    (record,) = records(LLAMA)
    assert list(resolve(spec_of(data), catalogue).regions) == record["regions"]
