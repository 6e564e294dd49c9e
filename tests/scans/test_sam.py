"""``sam validate --lint`` by AWS SAM's own command line, in an environment of its own (make test-sam)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cfgen import cli
from tests.conftest import ROOT

SAM = ROOT / ".venvs" / "sam" / "bin" / "sam"
SPEC = (ROOT / "specs" / "openai-api.yaml").read_text()
KEY = "  auth: {type: api-key}\n"
JWT = "  auth: {type: jwt, issuer: https://login.example.com, audience: [models]}\n"


def validate(template: Path) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [str(SAM), "validate", "--lint", "--template", str(template), "--region", "us-east-1"],
        capture_output=True, text=True, env={**own, "SAM_CLI_TELEMETRY": "0"}, cwd=template.parent,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [SPEC, SPEC.replace(KEY, ""), SPEC.replace(KEY, JWT).replace("  streaming: true\n", "")],
    ids=["api-key", "iam", "jwt"],
)
def test_sam_takes_the_template(text: str, tmp_path: Path) -> None:
    spec = tmp_path / "chat.yaml"
    spec.write_text(text)
    with pytest.raises(SystemExit) as end:
        cli.main(["render", str(spec), "--format", "sam", "-o", str(tmp_path)])
    assert not end.value.code
    (template,) = tmp_path.rglob("template.yaml")
    assert "Transform: AWS::Serverless-2016-10-31" in template.read_text()
    done = validate(template)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout + done.stderr


def test_sam_refuses_what_is_wrong(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    text = (ROOT / "tests" / "goldens" / "openai-api.sam.yaml").read_text()
    template.write_text(text.replace("Type: AWS::Logs::LogGroup", "Type: AWS::Logs::LogGrop"))
    done = validate(template)
    assert done.returncode == 1
    assert "AWS::Logs::LogGrop" in done.stdout + done.stderr
