"""checkov over every golden, in an environment of its own (make test-security): nothing fails, all that is skipped
says why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

CHECKOV = ROOT / ".venvs" / "checkov" / "bin" / "checkov"
GOLDENS = sorted((ROOT / "tests" / "goldens").glob("*.yaml"))

OPEN = """
Resources:
  Everyone:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: some-bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: "*", Action: "s3:*", Resource: "*"}]
  Door:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: anyone
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
"""


def scan(templates: list[Path], folder: Path) -> dict[str, Any]:
    """checkov's report. No file of settings, no platform, and no way to the network: proxies lead nowhere."""
    folder.mkdir(exist_ok=True)
    for template in templates:
        shutil.copy(template, folder / template.name)
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LOG_LEVEL": "ERROR",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
    }
    # fmt: off
    command = [str(CHECKOV), "--directory", ".", "--framework", "cloudformation", "--skip-download",
               "--output", "json", "--compact"]
    # fmt: on
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.stdout.strip(), done.stderr
    report = json.loads(done.stdout)
    assert isinstance(report, dict), report
    return report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every golden, and beside them one that must be refused."""
    made = tmp_path_factory.mktemp("made") / "open.yaml"
    made.write_text(OPEN)
    return scan([*GOLDENS, made], tmp_path_factory.mktemp("goldens"))


def test_no_check_fails_on_any_golden(report: dict[str, Any]) -> None:
    found = {
        (one["file_path"], one["resource"], one["check_id"]) for one in report["results"]["failed_checks"]
    }
    assert {one for one in found if one[0] != "/open.yaml"} == set()


def test_the_scan_reads_every_template_and_can_fail(report: dict[str, Any]) -> None:
    results = report["results"]
    assert report["summary"]["parsing_errors"] == 0
    failed = {one["check_id"] for one in results["failed_checks"] if one["file_path"] == "/open.yaml"}
    assert "CKV_AWS_24" in failed  # port 22 for everyone
    read = {one["file_path"] for one in results["passed_checks"] + results["failed_checks"]}
    assert read == {f"/{path.name}" for path in GOLDENS} | {"/open.yaml"}
    assert report["summary"]["passed"] > 20 * len(GOLDENS)


def test_what_is_skipped_is_skipped_by_the_resource_with_a_reason(report: dict[str, Any]) -> None:
    skipped = report["results"]["skipped_checks"]
    assert skipped
    for one in skipped:
        assert len(one["check_result"]["suppress_comment"]) >= 15, one["resource"]
