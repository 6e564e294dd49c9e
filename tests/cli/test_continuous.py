"""Continuous delivery: freshness, versions, completion, hooks, and the GitHub Action's steps in a real bash."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cfgen.cli import cli
from tests.conftest import ROOT
from tests.spec.test_faults import GOOD

BIN = Path(sys.executable).parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, list(arguments), standalone_mode=False)


# -- cfgen render --frozen -------------------------------------------------------------------------------------------


def test_frozen_tells_what_is_stale_and_writes_nothing(work: Path) -> None:
    missing = run("render", "specs", "-o", "out", "--frozen")
    assert missing.return_value == 1
    assert "out/example/template.yaml: missing: not what specs/a.yaml renders to" in missing.output
    assert not (work / "out").exists()
    run("render", "specs", "-o", "out")
    fresh = run("render", "specs", "-o", "out", "--frozen")
    assert fresh.return_value == 0
    assert "1 template: 0 files to render anew" in fresh.output
    (work / "out" / "example" / "parameters.json").write_text("[]")
    stale = run("render", "specs", "-o", "out", "--frozen", "--format", "json")
    assert stale.return_value == 1
    rows = json.loads(stale.stdout)
    assert rows == [{"file": "out/example/parameters.json", "spec": "specs/a.yaml", "state": "stale"}]
    assert (work / "out" / "example" / "parameters.json").read_text() == "[]"


def test_frozen_needs_a_folder(work: Path) -> None:
    assert "--frozen compares with a folder" in str(
        run("render", "specs/a.yaml", "-o", "-", "--frozen").exception
    )


# -- cfgen version ---------------------------------------------------------------------------------------------------


def test_versions_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    found = json.loads(run("version", "--json").output)
    assert found["python"].startswith("3.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["catalogue"]["pricesGathered"])
    assert any(one.startswith("sagemaker-core ") for one in found["catalogue"]["sources"])
    assert re.match(r"\d+\.\d+", found["aws-cli"])
    monkeypatch.setenv("PATH", "/nonexistent")
    assert json.loads(run("version", "--json").output)["aws-cli"] is None
    assert run("version").output.endswith("aws-cli none\n")


# -- cfgen completion ------------------------------------------------------------------------------------------------


def complete_in_bash(words: str, folder: Path) -> list[str]:
    """What a real bash offers after the script is loaded and ``words`` are typed."""
    typed = words.split(" ")
    script = f"""
    source <(cfgen completion bash) 2>/dev/null
    COMP_WORDS=({" ".join(f"'{word}'" for word in typed)})
    COMP_CWORD={len(typed) - 1}
    compopt() {{ echo compopt "$@"; }}
    _cfgen_completion cfgen
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, cwd=folder,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    return done.stdout.split("\n")[:-1]


def test_bash_completes_commands_options_regions_and_files(tmp_path: Path) -> None:
    assert complete_in_bash("cfgen de", tmp_path) == ["deploy", "destroy"]
    assert "--stack-set" in complete_in_bash("cfgen deploy --stack", tmp_path)
    assert complete_in_bash("cfgen deploy --region eu-west-", tmp_path) == [
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
    ]
    assert complete_in_bash("cfgen render sp", tmp_path)[0] == "compopt -o default"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_scripts_ask_cfgen(shell: str) -> None:
    script = run("completion", shell).output
    assert f"_CFGEN_COMPLETE={shell}_complete" in script
    asked = {"COMP_WORDS": "cfgen sta", "COMP_CWORD": "1" if shell == "zsh" else "sta"}
    done = subprocess.run(
        [sys.executable, "-m", "cfgen"], capture_output=True, text=True, check=False,
        env={**os.environ, **asked, "_CFGEN_COMPLETE": f"{shell}_complete"},
    )  # fmt: skip
    assert "status" in done.stdout, done.stderr


def test_an_unknown_shell_is_refused() -> None:
    assert "'bash', 'zsh', 'fish'" in str(run("completion", "csh").exception)


# -- hooks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_hooks_pass_on_good_specs_and_fail_on_bad_ones(work: Path, hook: dict[str, Any]) -> None:
    words = [*hook["entry"].split()[1:], *hook.get("args", [])]
    if hook.get("pass_filenames", True):
        words.append("specs/a.yaml")
    run("render", "specs", "-o", "templates")
    assert run(*words).return_value == 0
    assert re.search(hook["files"], "specs/a.yaml")
    (work / "specs" / "a.yaml").write_text(GOOD.replace("ml.g5.2xlarge", "ml.g5.nosuch"))
    bad = run(*words)
    assert bad.return_value == 1 or bad.exception


# -- the action ------------------------------------------------------------------------------------------------------


def test_scripts_hold_no_expression_and_actions_are_pinned() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("shell", "bash") == "bash"
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w/-]+@(v\d+|[0-9a-f]{40})", step["uses"])


def test_the_workflow_in_the_docs_fits_the_action() -> None:
    text = (ROOT / "docs" / "how-to" / "continuous-delivery.md").read_text()
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
    workflow = next(block for block in blocks if "jobs" in block)
    (step,) = [
        one for job in workflow["jobs"].values() for one in job["steps"] if "cfgen" in one.get("uses", "")
    ]
    assert set(step["with"]) <= set(ACTION["inputs"])
    hooks = next(block for block in blocks if "repos" in block)
    assert {hook["id"] for repo in hooks["repos"] for hook in repo["hooks"]} <= {hook["id"] for hook in HOOKS}
