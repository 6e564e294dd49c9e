"""The commands as a user types them, in processes of their own: what stands on stdout, on stderr, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.spec.test_faults import GOOD

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def cfgen(tmp_path: Path) -> Any:
    """Run cfgen in an empty folder."""

    def run(*arguments: str, **environment: str) -> Run:
        return subprocess.run(
            [sys.executable, "-m", "cfgen", *arguments],
            cwd=tmp_path,
            env={**os.environ, "CFGEN_CACHE_DIR": str(tmp_path / ".cache"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def write(folder: Path, name: str, text: str = GOOD) -> str:
    (folder / name).write_text(text)
    return name


def test_render_writes_template_and_parameters(cfgen: Any, tmp_path: Path) -> None:
    done: Run = cfgen("render", write(tmp_path, "a.yaml"))
    assert done.returncode == 0
    assert done.stdout.startswith("build/example/template.yaml: ")
    assert "% of what a direct launch takes" in done.stdout
    assert "is not pinned" in done.stderr
    written = sorted(p.name for p in (tmp_path / "build" / "example").iterdir())
    assert written == ["parameters.json", "template.yaml"]
    rows = json.loads((tmp_path / "build" / "example" / "parameters.json").read_text())
    assert {"ParameterKey": "InstanceType", "ParameterValue": "ml.g5.2xlarge"} in rows


def test_render_to_stdout_prints_the_template_alone(cfgen: Any, tmp_path: Path) -> None:
    done: Run = cfgen("render", "-o", "-", write(tmp_path, "a.yaml"))
    assert done.stdout.startswith("AWSTemplateFormatVersion")
    assert not (tmp_path / "build").exists()


def test_a_second_render_remembers_and_a_changed_spec_does_not(cfgen: Any, tmp_path: Path) -> None:
    name = write(tmp_path, "a.yaml")
    first, second = cfgen("render", "-o", "-", name), cfgen("render", "-o", "-", name)
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    write(tmp_path, "a.yaml", GOOD.replace("ml.g5.2xlarge", "ml.g6.2xlarge"))
    assert "Default: ml.g6.2xlarge" in cfgen("render", "-o", "-", name).stdout


def test_a_damaged_cache_is_an_empty_one(cfgen: Any, tmp_path: Path) -> None:
    name = write(tmp_path, "a.yaml")
    first = cfgen("render", "-o", "-", name).stdout
    entries = list((tmp_path / ".cache" / "rendered").iterdir())
    assert len(entries) == 1
    entries[0].write_bytes(b'{"name": 1')
    assert cfgen("render", "-o", "-", name).stdout == first


def test_an_unwritable_cache_hurts_nobody(cfgen: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cfgen(
        "render", "-o", "-", write(tmp_path, "a.yaml"), CFGEN_CACHE_DIR=str(tmp_path / "file" / "below")
    )
    assert done.returncode == 0


def test_good_specs_are_rendered_and_bad_ones_reported(cfgen: Any, tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    write(tmp_path, "b.yaml", GOOD.replace("vllm", "vlm").replace("example", "other"))
    done: Run = cfgen("render", ".")
    assert done.returncode == 1
    assert (tmp_path / "build" / "example" / "template.yaml").exists()
    assert not (tmp_path / "build" / "other").exists()
    assert "b.yaml:5:14: model.container" in done.stderr
    assert "1 spec of 2 not rendered" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_specs_of_one_name_are_refused(cfgen: Any, tmp_path: Path) -> None:
    done: Run = cfgen("render", write(tmp_path, "a.yaml"), write(tmp_path, "b.yaml"))
    assert done.returncode == 1
    assert "example is also the name of a.yaml" in done.stderr


def test_render_json(cfgen: Any, tmp_path: Path) -> None:
    rows = json.loads(cfgen("render", "--format", "json", write(tmp_path, "a.yaml")).stdout)
    assert rows[0]["template"] == "build/example/template.yaml"
    assert "us-east-1" in rows[0]["regions"]


def test_what_must_be_filled_in_is_said(cfgen: Any, tmp_path: Path) -> None:
    done = cfgen("render", write(tmp_path, "a.yaml", GOOD + "vpc: {mode: existing}\n"))
    assert "to fill in at launch: VpcId, SubnetIds" in done.stdout


def test_validate_reports_all_problems_on_stderr(cfgen: Any, tmp_path: Path) -> None:
    bad = GOOD.replace("example", "Bad") + "nonsense: 1\n"
    done: Run = cfgen("validate", write(tmp_path, "a.yaml", bad))
    assert (done.returncode, done.stdout) == (1, "")
    assert "a.yaml:1:7: name" in done.stderr
    assert "a.yaml:8:1: nonsense: unknown key" in done.stderr


def test_validate_json(cfgen: Any, tmp_path: Path) -> None:
    done: Run = cfgen("validate", "--format", "json", write(tmp_path, "a.yaml", GOOD.replace("vllm", "vlm")))
    result = json.loads(done.stdout)
    assert not result["valid"]
    assert (result["problems"][0]["line"], result["problems"][0]["path"]) == (5, "model.container")


def test_validate_says_what_is_valid(cfgen: Any, tmp_path: Path) -> None:
    done: Run = cfgen("validate", write(tmp_path, "a.yaml"))
    assert (done.returncode, done.stdout) == (0, "1 spec valid, 1 warning\n")


def test_schema_is_json_schema_that_the_examples_meet(cfgen: Any) -> None:
    import jsonschema
    import yaml

    schema = json.loads(cfgen("schema").stdout)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for spec in (ROOT / "specs").glob("*.yaml"):
        validator.validate(yaml.safe_load(spec.read_text()))
    assert list(validator.iter_errors({"name": "a", "nonsense": 1}))


USAGE = [
    ((), 2, "Usage: cfgen"),
    (("rendr", "a.yaml"), 2, "Did you mean 'render'?"),
    (("render",), 2, "Missing argument 'SPEC…'"),
    (("render", "nothing.yaml"), 1, "nothing.yaml: no such file"),
    (("render", "nothing-*.yaml"), 1, "no file matches this pattern"),
    (("render", "empty"), 1, "no .yaml files in this folder"),
    (("render", "a.yaml", "--nonsense"), 2, "No such option"),
    (("render", "a.yaml", "b.yaml", "-o", "-"), 2, "-o - prints one template; 2 specs given"),
    (("render", "a.yaml", "-o", "a.yaml"), 1, "cannot write"),
    (("render", "a.yaml", "--catalog", "nothing.yaml"), 1, "nothing.yaml"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "words"), USAGE, ids=[" ".join(u[0]) or "nothing" for u in USAGE]
)
def test_usage_and_its_exit_codes(
    cfgen: Any, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    write(tmp_path, "a.yaml")
    write(tmp_path, "b.yaml", GOOD.replace("example", "other"))
    (tmp_path / "empty").mkdir()
    done: Run = cfgen(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_near_name_is_suggested(cfgen: Any, tmp_path: Path) -> None:
    write(tmp_path, "mistral.yaml")
    assert "did you mean mistral.yaml?" in cfgen("render", "mistrl.yaml").stderr


def test_an_overlay_named_cfgen_yaml_is_taken(cfgen: Any, tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", GOOD.replace("container: vllm", "container: vllm:9.9.9"))
    assert cfgen("validate", "a.yaml").returncode == 1
    overlay = {"images": {"vllm": {"9.9.9": {"like": "0.30.0", "tags": {"gpu": "9.9.9-gpu-cu130"}}}}}
    (tmp_path / "cfgen.yaml").write_text(json.dumps(overlay))
    done = cfgen("render", "-o", "-", "a.yaml")
    assert "vllm:9.9.9-gpu-cu130" in done.stdout, done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    command = f"{sys.executable} -m cfgen render -o - a.yaml | head -n 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S602
    assert "Traceback" not in done.stderr


def test_no_command_imports_what_it_does_not_need() -> None:
    code = "import sys, cfgen.cli; cfgen.cli.cli.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("pydantic", "jinja2", "yaml", "cfnlint", "cfgen.spec"):
        assert f"'{heavy}'" not in done.stdout
