"""The GitHub Action's steps, run in a real bash as a runner would: a target of its own, with the hooks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.spec.test_faults import GOOD

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Runner:
    """A GitHub runner as far as the steps need one: a workspace, the files they write to, a ``gh`` that notes."""

    def __init__(self, folder: Path) -> None:
        self.work, self.temp, self.tools = folder / "work", folder / "temp", folder / "tools"
        for path in (self.work / "specs", self.temp, self.tools):
            path.mkdir(parents=True)
        self.values: dict[str, str] = {
            f"inputs.{name}": str(one.get("default", "")) for name, one in ACTION["inputs"].items()
        }
        self.values |= {
            "github.token": "secret-token",
            "inputs.token": "secret-token",
            "github.repository": "o/r",
        }
        self.summary, self.log = folder / "summary.md", ""
        (self.tools / "cfgen").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cfgen "$@"\n')
        (self.tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (self.tools / "gh").write_text(
            '#!/bin/sh\nprintf "%s\\n" "$*" >> "$RUNNER_TEMP/gh.log"\n'
            'case "$*" in *--paginate*) cat "$RUNNER_TEMP/old" 2>/dev/null; exit "${GH_LIST:-0}";; esac\nexit "${GH_FAIL:-0}"\n'
        )
        for tool in self.tools.iterdir():
            tool.chmod(0o755)
        (self.work / "specs" / "a.yaml").write_text(GOOD)
        git(self.work, "init", "-q")
        self.base = self.commit()

    def commit(self) -> str:
        git(self.work, "add", "-A")
        git(self.work, "commit", "-qm", "x")
        return git(self.work, "rev-parse", "HEAD")

    def step(self, identifier: str, **more: str) -> int:
        """Run one step as GitHub does: bash -eo pipefail, its env alone for what is given."""
        step = next(one for one in ACTION["runs"]["steps"] if one.get("id") == identifier)
        output = self.temp / f"{identifier}.output"
        output.touch()
        fill = lambda text: re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda m: self.values.get(m[1], ""), text)  # noqa: E731
        variables = {name: fill(value) for name, value in step["env"].items()}
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], cwd=self.work, capture_output=True, text=True,
            env={
                **os.environ, "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary), **variables, **more,
            }, check=False,
        )  # fmt: skip
        self.log = done.stdout + done.stderr
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{identifier}.outputs.{name}"] = value
        return done.returncode

    def body(self) -> str:
        return (self.temp / "cfgen.md").read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_action_renders_lints_compares_and_comments(runner: Runner) -> None:
    (runner.work / "specs" / "a.yaml").write_text(GOOD.replace("ml.g5.2xlarge", "ml.g5.4xlarge"))
    (runner.work / "specs" / "b.yaml").write_text(GOOD.replace("name: example", "name: second"))
    runner.commit()
    runner.values |= {
        "github.event.pull_request.base.sha": runner.base,
        "github.event.pull_request.number": "7",
    }
    assert runner.step("render") == 0, runner.log
    assert runner.step("lint") == 0, runner.log
    sarif = json.loads(Path(runner.values["steps.lint.outputs.sarif"]).read_text())
    assert sarif["version"] == "2.1.0"
    assert runner.step("diff") == 0, runner.log
    assert runner.values["steps.diff.outputs.changed"] == "true"
    body = runner.body()
    assert body.startswith("<!-- cfgen -->\n### cfgen\n")
    assert "value: ml.g5.2xlarge → ml.g5.4xlarge" in body
    assert "- **second**: new, " in body
    assert runner.summary.read_text() == body
    assert git(runner.work, "worktree", "list").count("\n") == 0

    assert runner.step("comment") == 0, runner.log
    asked = (runner.temp / "gh.log").read_text()
    assert "--method POST repos/o/r/issues/7/comments -F body=@" in asked
    (runner.temp / "old").write_text("41\n42\n")
    assert runner.step("comment") == 0
    assert "--method PATCH repos/o/r/issues/comments/41" in (runner.temp / "gh.log").read_text()
    assert runner.step("verdict") == 0

    for text in (body, asked, runner.log):
        assert "secret-token" not in text
    assert runner.step("comment", GH_FAIL="1") == 0
    assert "::warning::cfgen could not comment" in runner.log
    assert runner.step("comment", GH_LIST="1") == 0
    assert "::warning::cfgen could not read the comments" in runner.log


def test_nothing_changed_a_spec_gone_and_no_base(runner: Runner) -> None:
    runner.values["github.event.pull_request.base.sha"] = runner.base
    assert runner.step("diff") == 0, runner.log
    assert (runner.values["steps.diff.outputs.changed"], "- **example**: no change" in runner.body()) == (
        "false",
        True,
    )
    (runner.work / "specs" / "b.yaml").write_text(GOOD.replace("name: example", "name: second"))
    (runner.work / "specs" / "a.yaml").unlink()
    assert runner.step("diff") == 0, runner.log
    assert "- **example**: its spec is gone" in runner.body()
    runner.values["github.event.pull_request.base.sha"] = ""
    assert runner.step("diff") == 0
    assert "No base to compare with" in runner.body()


def test_findings_fail_at_the_end_and_stale_templates_at_once(runner: Runner) -> None:
    runner.values |= {"inputs.frozen": "true", "inputs.output": "templates"}
    assert runner.step("render") == 1
    assert "templates/example/template.yaml: missing" in runner.log
    runner.values["inputs.strict"] = "true"
    (runner.work / "specs" / "a.yaml").write_text(GOOD.replace("ml.g5.2xlarge", "ml.g5.nosuch"))
    assert runner.step("lint") == 0
    assert runner.values["steps.lint.outputs.code"] == "1"
    assert "ml.g5.nosuch" in runner.log
    assert runner.step("verdict") == 1
    assert "::error::" in runner.log


def test_a_hostile_input_stays_a_value(runner: Runner) -> None:
    runner.values["inputs.specs"] = "$(touch /tmp/cfgen-owned); --help"
    assert runner.step("render") == 1
    assert "no such file" in runner.log
    assert not Path("/tmp/cfgen-owned").exists()
