"""``cfgen catalog``: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.catalogue.packages import CONFIG, build, contents

from cfgen.catalogue import load
from cfgen.catalogue.data_files import DATA, FILES
from cfgen.cli import cli, main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``cfgen catalog …`` in an empty folder; failures of cfgen's own become exit code 1 as at the edge."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, ["catalog", *map(str, words)], prog_name="cfgen")


def edge(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run it as the command line does: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as caught:
        main(["catalog", *map(str, words)])
    out, err = capsys.readouterr()
    return int(str(caught.value.code)), out, err


# -- images


def test_images_shows_the_newest_of_each_family(run: Run) -> None:
    result = run("images", "vllm")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["FAMILY", "VERSION", "FOR", "CUDA", "REGIONS", "BASE", "(ALSO)"]
    at = lines.index("  vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker")
    assert lines[at - 1].split() == ["vllm", "0.30.0", "gpu", "13.0", "35", "(0.30)"]
    assert "0.29.0-gpu" not in result.stdout


def test_all_words_must_match_and_aliases_count(run: Run) -> None:
    assert "tgi3.3.6-gpu" in run("images", "TGI", "gpu").stdout
    assert "2.7.0-tgi3.3.4" in run("images", "tgi", "3.3.4").stdout  # the newest that matches
    result = run("images", "--family", "tgi", "--all-versions", "--format", "json")
    assert len(json.loads(result.stdout)) == len(load().versions("tgi"))


def test_images_in_a_region(run: Run) -> None:
    """The newest there is in that region, with its URI."""
    newest = run("images", "--family", "tei", "--region", "eu-west-1").stdout
    assert (
        "  141502667606.dkr.ecr.eu-west-1.amazonaws.com/tei:2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04"
        in newest
    )
    (record,) = json.loads(
        run("images", "--family", "triton", "--region", "eu-south-2", "--format", "json").stdout
    )
    assert record["uris"]["gpu"].startswith(
        "503227376785.dkr.ecr.eu-south-2.amazonaws.com/sagemaker-tritonserver:"
    )
    assert run("images", "--family", "tei", "--region", "ap-east-2").exit_code == 1
    assert ".cn-north-1.amazonaws.com.cn/" in run("images", "tei", "--region", "cn-north-1").stdout


def test_images_for_a_processor(run: Run) -> None:
    records = json.loads(run("images", "--processor", "neuron", "--format", "json").stdout)
    assert {"huggingface-neuronx", "djl-neuronx"} <= {record["family"] for record in records}
    assert all("neuron" in record["tags"] for record in records)


# -- instances and regions


def test_instances(run: Run) -> None:
    result = run("instances", "A10G", "--region", "eu-west-1")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[:3] == ["TYPE", "VCPUS", "GiB"]
    row = result.stdout.splitlines()[2].split()
    assert row == ["ml.g5.2xlarge", "8", "32", "1", "×", "A10G", "22.35", "450", "up", "to", "10", "19"]
    records = json.loads(run("instances", "--family", "inf2", "--format", "json").stdout)
    assert [record["name"] for record in records] == [f"ml.inf2.{size}xlarge" for size in ("", 8, 24, 48)]
    assert {record["processor"] for record in records} == {"neuron"}
    assert len(json.loads(run("instances", "--processor", "gpu", "--format", "json").stdout)) > 40


def test_regions(run: Run) -> None:
    result = run("regions", "frankfurt")
    assert result.stdout.splitlines()[1].split()[-4:] == ["yes", "yes", "yes", "165"]
    records = {record["name"]: record for record in json.loads(run("regions", "--format", "json").stdout)}
    assert list(records) == list(load().regions)
    assert records["me-central-1"]["unsure"]
    assert records["cn-north-1"]["url_suffix"] == "amazonaws.com.cn"
    assert "unsure" in run("regions", "me-central-1").stdout


@pytest.mark.parametrize("table", [["images", "--all-versions"], ["instances"], ["regions"]])
def test_text_is_readable_at_100_columns_and_has_no_colour(run: Run, table: list[str]) -> None:
    lines = run(*table).stdout.splitlines()
    assert len(lines) > 40
    assert max(len(line) for line in lines if not line.startswith("  ")) <= 100
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)


@pytest.mark.parametrize("table", [["images", "--all-versions"], ["instances"], ["regions"]])
def test_json_is_the_same_every_time(run: Run, table: list[str]) -> None:
    first = run(*table, "--format", "json").stdout
    assert first == run(*table, "--format", "json").stdout
    assert json.loads(first)


# -- nothing found, and faults


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["images", "vlm"], "No image with 'vlm' matches; did you mean 'vllm'?"),
        (["images", "vllm", "arm64"], "No image with 'vllm arm64' matches"),
        (["instances", "ml.g5.3xlarge"], "no instance type 'ml.g5.3xlarge'"),
        (["instances", "ml.p3.2xlarge"], "no region has a hosting price for it"),
        (["instances", "xyz"], "No instance type with 'xyz' matches; try fewer words or options"),
        (["regions", "eu-wst-1"], "No region with 'eu-wst-1' matches; did you mean 'eu-west-1'?"),
        (["images", "--family", "tgii"], "did you mean 'tgi'?"),
        (["images", "--region", "mars"], "no region 'mars'"),
        (["instances", "--region", "us-iso-east-1"], "No instance type matches"),
        (["images", "--catalog", "none.yaml"], "none.yaml: cannot be read (No such file or directory)"),
    ],
)
def test_nothing_found_is_said_on_stderr(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    code, out, err = edge(capsys, *words)
    assert (code, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


def test_nothing_found_is_an_empty_list_in_json(run: Run) -> None:
    result = run("images", "vlm", "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, [])


@pytest.mark.parametrize(
    "words", [["images", "--processor", "tpu"], ["images", "--format", "xml"], ["pictures"]]
)
def test_usage(run: Run, words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_an_overlay_is_merged(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "images: {vllm: {9.0: {like: 0.30.0, tags: {gpu: nine}}}}", encoding="utf-8"
    )
    assert "vllm:nine" in run("images", "vllm", "--catalog", "mine.yaml").stdout
    assert "vllm:nine" not in run("images", "vllm").stdout
    (tmp_path / "mine.yaml").rename(tmp_path / "cfgen.yaml")
    result = run("images", "vllm")
    assert "vllm:nine" in result.stdout
    assert "With cfgen.yaml" in result.stderr


def test_a_faulty_overlay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("image: {}\nregion: {}\n", encoding="utf-8")
    code, out, err = edge(capsys, "regions", "--catalog", path)
    assert (code, out) == (1, "")
    assert f"{path}:1:1: image: is not a field here" in err
    assert f"{path}:2:1: region: is not a field here" in err


# -- refresh


def test_refresh_writes_what_changed(run: Run, tmp_path: Path) -> None:
    packages, target = build(tmp_path / "packages", contents()), tmp_path / "data"
    first = run("refresh", "--from", packages, "--to", target)
    assert first.exit_code == 0
    assert "images: 0 → 20 (+20 -0 ~0)" in first.stdout
    assert sorted(path.name for path in target.iterdir()) == ["images.json", "instances.json", "regions.json"]
    before = {path: path.read_bytes() for path in target.iterdir()}
    second = run("refresh", "--from", packages, "--to", target)
    assert "images: 20 → 20 (unchanged)" in second.stdout
    assert {path: path.read_bytes() for path in target.iterdir()} == before


def test_a_refused_refresh_writes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "data"
    packages = contents()
    edge(capsys, "refresh", "--from", build(tmp_path / "before", packages), "--to", target)
    before = {path: path.read_bytes() for path in target.iterdir()}
    versions = packages["sagemaker_core"][f"{CONFIG}many.json"]["versions"]
    for number in range(3):
        del versions[f"1.{number}"]
    versions["1.3"]["registries"]["us-east-1"] = "999999999999"
    after = build(tmp_path / "after", packages)
    code, out, err = edge(capsys, "refresh", "--from", after, "--to", target)
    assert code == 1
    assert "  - many 1.0\n" in out
    assert "us-east-1: 222222222222 → 999999999999 (many 1.3)" in out
    assert "lost 3 of 20, more than 10%" in err
    assert "registry accounts changed: 1" in err
    assert {path: path.read_bytes() for path in target.iterdir()} == before
    assert edge(capsys, "refresh", "--from", after, "--to", target, "--accept-losses")[0] == 1
    accepted = ("--accept-losses", "--accept-account-changes")
    assert edge(capsys, "refresh", "--from", after, "--to", target, *accepted, "--dry-run")[0] == 0
    assert {path: path.read_bytes() for path in target.iterdir()} == before
    assert edge(capsys, "refresh", "--from", after, "--to", target, *accepted)[0] == 0
    assert {path: path.read_bytes() for path in target.iterdir()} != before


def test_a_refresh_from_a_faulty_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "data"
    code, _, err = edge(capsys, "refresh", "--from", tmp_path, "--to", target)
    assert code == 1
    assert "no package file of sagemaker-core, botocore, cfn-lint, moto" in err
    (build(tmp_path / "p", contents()) / "moto-1.0-py3-none-any.whl").write_bytes(b"PK")
    code, _, err = edge(capsys, "refresh", "--from", tmp_path / "p", "--to", target)
    assert code == 1
    assert "moto-1.0-py3-none-any.whl is not a readable package" in err
    assert not target.exists()


# -- the process


def test_the_command_runs_anywhere_without_colour(tmp_path: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "cfgen", "catalog", "regions", "ireland"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "eu-west-1" in done.stdout
    assert done.stderr == ""


def test_no_address_is_written_down() -> None:
    """Packages come through pip and whatever index it is set up for: no host is named, here or in the data."""
    readers = [*DATA.parent.glob("refresh*.py"), DATA.parent / "jumpstart_package.py"]
    sources = [*readers, *(DATA / f"{name}.json" for name in (*FILES, "jumpstart"))]
    assert len(sources) > 10
    assert not [path.name for path in sources if "://" in path.read_text(encoding="utf-8")]
