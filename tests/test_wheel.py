"""A wheel built from the checkout, installed into an empty environment, works from any folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

GOOD = """\
name: example
model: {type: container, container: vllm, modelId: a/b-7b}
endpoint: {instanceType: ml.g5.2xlarge}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_wheel_holds_templates_specs_and_data_and_nothing_private(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "cfgen/_shipped/templates/parts/endpoint.yaml.j2",
        "cfgen/_shipped/templates/functions/build.py",
        "cfgen/_shipped/specs/mistral-7b.yaml",
        "cfgen/_shipped/requirements/taskcat.txt",
        "cfgen/catalogue/data/images.json",
        "cfgen/catalogue/data/jumpstart.json",
        "cfgen/py.typed",
    ):
        assert needed in names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_installed_wheel_renders_and_lints_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "base.txt")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    work = tmp_path / "anywhere"
    work.mkdir()
    (work / "spec.yaml").write_text(GOOD)

    def cfgen(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "bin" / "cfgen"), *arguments]
        return subprocess.run(
            command,
            cwd=work,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = cfgen("render", "spec.yaml")
    assert done.returncode == 0, done.stderr
    assert (work / "build" / "example" / "template.yaml").is_file()
    assert cfgen("lint", "build/example/template.yaml").returncode == 0
    assert "vllm" in cfgen("catalog", "images", "vllm").stdout
    assert cfgen("schema").stdout.startswith("{")
    assert "E9" in cfgen("explain").stdout
