"""The image's steps, run in order in a folder with a fresh Python: all but the container itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.image import dockerfile

BUILD, LAST = dockerfile.stages((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a file system on which the first stage has run."""
    root = tmp_path_factory.mktemp("image")
    seen = {file.relative_to(ROOT).as_posix(): file for file in dockerfile.context()}
    # stands for the base image's Python
    subprocess.run([sys.executable, "-m", "venv", root / "python"], check=True)
    variables = {"PATH": f"{root / 'python' / 'bin'}:{os.defpath}", "HOME": str(root)}
    variables |= dockerfile.environment(BUILD)
    variables |= {
        name: os.environ[name] for name in os.environ if name.startswith("PIP_") and name not in variables
    }
    folder = root
    for kind, text in BUILD.steps:
        if kind == "WORKDIR":
            folder = root / text.lstrip("/")
            folder.mkdir(parents=True)
        elif kind == "COPY":
            *sources, target = text.split()
            for source in sources:
                for name, file in seen.items():
                    if name == source:
                        # a file goes into a folder that is named with a slash
                        place = folder / target / file.name
                    elif name.startswith(f"{source}/"):
                        place = folder / target / name.removeprefix(f"{source}/")
                    else:
                        continue
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, place)
        elif kind == "RUN":
            for path in ("/opt/cfgen", "/wheels"):
                text = text.replace(path, f"{root}{path}")
            (root / "opt").mkdir(exist_ok=True)
            done = subprocess.run(
                ["sh", "-ec", text], cwd=folder, env=variables, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
    return root


def run(image: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    variables = dockerfile.environment(LAST)
    path = variables["PATH"].replace("/opt/cfgen", f"{image}/opt/cfgen").replace("$PATH", os.defpath)
    home = folder / "home"
    home.mkdir(exist_ok=True)
    own = {"PATH": path, "HOME": str(home), "CFGEN_CACHE_DIR": str(home / "cache")}
    (program,) = dockerfile.entry(LAST)
    return subprocess.run(
        [shutil.which(program, path=path) or program, *arguments],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
    )


def test_it_has_what_deploying_takes(image: Path, tmp_path: Path) -> None:
    done = run(image, "version", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    versions = json.loads(done.stdout)
    assert versions["aws-cli"].startswith("1.")
    assert versions["boto3"]
    # what only tests need is left out
    assert versions["moto"] is versions["taskcat"] is None


def test_it_renders_and_lints_what_is_mounted(image: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "specs" / "mistral-7b.yaml", tmp_path)
    for command in (("render", "mistral-7b.yaml"), ("lint", "mistral-7b.yaml")):
        done = run(image, *command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    golden = ROOT / "tests" / "goldens" / "mistral-7b.template.yaml"
    assert (tmp_path / "build" / "mistral-7b-instruct" / "template.yaml").read_bytes() == golden.read_bytes()


def test_it_says_what_it_can_do(image: Path, tmp_path: Path) -> None:
    (arguments,) = LAST.every("CMD")
    done = run(image, *json.loads(arguments), folder=tmp_path)
    assert done.returncode == 0
    assert "deploy" in done.stdout
