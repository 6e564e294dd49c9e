"""The hooks as the real pre-commit installs and runs them, from a clone of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_action import git
from tests.conftest import ROOT
from tests.spec.test_faults import GOOD

CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: cfgen-validate
      - id: cfgen-lint
      - id: cfgen-render
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the hooks as they stand in this checkout, committed or not."""
    folder = tmp_path / "cfgen"
    folder.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as it stands")
    return folder


def test_hooks_installed_by_pre_commit(clone: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "specs").mkdir(parents=True)
    spec = work / "specs" / "a.yaml"
    spec.write_text(GOOD)
    git(work, "init", "-q")
    (work / ".pre-commit-config.yaml").write_text(
        CONFIG.format(repo=clone, rev=git(clone, "rev-parse", "HEAD"))
    )
    subprocess.run(
        [sys.executable, "-m", "cfgen", "render", "specs", "-o", "templates"], cwd=work, check=True
    )
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}

    def hooks() -> tuple[int, str]:
        git(work, "add", "-A")
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files"], cwd=work, capture_output=True, text=True,
            env=environment, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    code, said = hooks()
    assert code == 0, said
    assert said.count("Passed") == 3, said

    spec.write_text(GOOD.replace("ml.g5.2xlarge", "ml.g5.4xlarge"))
    code, said = hooks()
    assert code == 1
    assert said.count("Passed") == 2, said
    assert "templates/example/template.yaml: stale: not what specs/a.yaml renders to" in said

    spec.write_text(GOOD.replace("ml.g5.2xlarge", "ml.g5.nosuch"))
    code, said = hooks()
    assert code == 1
    assert "specs/a.yaml:" in said
    assert said.count("Failed") == 3, said
