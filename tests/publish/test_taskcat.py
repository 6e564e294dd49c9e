"""Which regions are tested with which values, what taskcat is told, and what is made of its answers."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen.catalogue import load
from cfgen.deploy.errors import CredentialsMissing, MalformedOption, ParameterMissing, ParameterUnknown
from cfgen.deploy.inputs import split_regional
from cfgen.publish import taskcat, taskcat_env, taskcat_report, taskcat_run
from cfgen.render.template import Template
from cfgen.resolve.stack import Asset
from tests.deploy.conftest import Run, cfgen, no_aws  # noqa: F401 - fixtures

BODY = """\
Parameters:
  InstanceType: {Type: String, Default: ml.trn1.2xlarge}
  VpcId: {Type: String, Default: ""}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Build: {Type: AWS::CodeBuild::Project}
"""
REGIONS = ("us-east-1", "eu-west-1", "us-west-2", "cn-north-1")
VALUES: Any = (("InstanceType", "ml.trn1.2xlarge"), ("VpcId", ""))


def template(name: str = "model", parameters: Any = VALUES, regions: Any = REGIONS, **more: Any) -> Template:
    return Template(name, BODY, regions, parameters, (), **more)


def project(*templates: Template, **more: Any) -> taskcat.Project:
    return taskcat.make_project(templates or [template()], load(), **more)


def test_every_parameter_stands_under_its_test_and_nothing_is_packaged() -> None:
    made = project(regions=["us-east-1"], parameters={"VpcId": "vpc-1"}, tags={"team": "ml"}, profile="me")
    config = made.config()
    assert config["project"] == {"name": "cfgen", "package_lambda": False, "shorten_stack_name": True}
    (test,) = config["tests"].values()
    assert test["parameters"] == {"InstanceType": "ml.trn1.2xlarge", "VpcId": "vpc-1"}
    assert (test["tags"], test["auth"]) == ({"team": "ml"}, {"default": "me"})


def test_regions_without_an_instance_a_resource_type_or_the_template_are_left_out_with_a_line() -> None:
    regions = ["us-east-1", "ap-east-2", "mx-central-1", "eu-west-1", "us-gov-west-1", "us-west-2"]
    made = project(template(regions=("us-east-1", "eu-west-1", "ap-east-2", "mx-central-1")), regions=regions)
    reasons = {one.region: one.reason for one in made.dropped}
    assert made.tests[0].regions == ("us-east-1",)
    assert reasons["ap-east-2"] == "no AWS::CodeBuild::Project there"
    assert reasons["us-gov-west-1"].startswith("another partition than aws")
    assert reasons["eu-west-1"] == "ml.trn1.2xlarge is not hosted there"
    assert reasons["us-west-2"] == "the image or the model package is not there"
    assert str(made.dropped[0]).startswith("model: left out ap-east-2: no ")


def test_an_instance_type_chosen_at_launch_decides_where() -> None:
    made = project(regions=["us-east-1", "eu-west-1"], parameters={"InstanceType": "ml.g5.2xlarge"})
    assert made.tests[0].regions == ("us-east-1", "eu-west-1")


def test_without_regions_all_of_one_partition_are_tested() -> None:
    made = project(parameters={"InstanceType": "ml.g5.2xlarge"})
    assert made.tests[0].regions == ("us-east-1", "eu-west-1", "us-west-2")
    assert made.dropped == ()


def test_a_region_with_values_of_its_own_is_a_test_of_its_own() -> None:
    made = project(
        regions=["us-east-1", "us-west-2"],
        regional={"us-west-2": {"VpcId": "vpc-w"}},
        parameters={"VpcId": "vpc-e"},
    )
    assert {test.name: (test.regions, test.parameters["VpcId"]) for test in made.tests} == {
        "model": (("us-east-1",), "vpc-e"),
        "model-us-west-2": (("us-west-2",), "vpc-w"),
    }
    assert made.launches == 2


def test_what_was_made_for_a_template_fills_in_what_is_not_given() -> None:
    asked: list[tuple[str, str]] = []

    def examples(template: Any, region: str, given: Any) -> dict[str, str]:
        asked.append((region, given.get("VpcId", "")))
        return {"VpcId": f"vpc-of-{region}"}

    made = project(
        template(parameters=(("InstanceType", "ml.g5.2xlarge"), ("VpcId", None))),
        regions=["us-east-1", "us-west-2", "ap-east-2"],
        regional={"us-west-2": {"VpcId": "vpc-mine"}},
        examples=examples,
    )
    assert {test.name: test.parameters["VpcId"] for test in made.tests} == {
        "model-us-east-1": "vpc-of-us-east-1",
        "model-us-west-2": "vpc-mine",
    }
    # nothing is made where nothing is launched
    assert asked == [("us-east-1", ""), ("us-west-2", "vpc-mine")]


def test_region_prefixes_of_parameters() -> None:
    items = ["A=1", "eu-west-1:A=2:3", "Url=https://x"]
    assert split_regional(items) == (["A=1", "Url=https://x"], {"eu-west-1": ["A=2:3"]})


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"regions": ["eu-wset-1"]}, MalformedOption, "eu-wset-1 is not a region"),
        ({"regional": {"moon": {"VpcId": "x"}}}, MalformedOption, "moon is not a region"),
        ({"parameters": {"VpcID": "x"}}, ParameterUnknown, "no parameter VpcID"),
        ({"regional": {"us-east-1": {"Vpc": "x"}}}, ParameterUnknown, "no parameter Vpc"),
        ({"regions": ["ap-east-2", "cn-north-1"]}, taskcat.NowhereToTest, "no region is left to test in"),
    ],
)
def test_what_cannot_be_tested_is_said(arguments: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        project(**arguments)


def test_a_parameter_without_value_is_asked_for() -> None:
    with pytest.raises(ParameterMissing, match="VpcId"):
        project(template(parameters=(("InstanceType", "ml.trn1.2xlarge"), ("VpcId", None))))


def test_assets_lie_in_regional_buckets_of_taskcats(tmp_path: Path) -> None:
    values = (*VALUES, ("AssetBucket", None), ("AssetPrefix", ""))
    made = project(template(parameters=values, assets=(Asset("0123.zip", b"zip"),)), regions=["us-east-1"])
    written = yaml.safe_load(made.write(tmp_path).read_text())["tests"]["model"]
    assert written["s3_regional_buckets"] is True
    assert written["parameters"]["AssetBucket"] == "$[taskcat_autobucket]"
    assert written["parameters"]["AssetPrefix"] == "cfgen/model/assets/"
    assert (tmp_path / "model" / "assets" / "0123.zip").read_bytes() == b"zip"
    assert (tmp_path / written["template"]).read_text() == BODY


# -- answers ---------------------------------------------------------------------------------------------------------

ARN = "arn:aws:cloudformation:us-east-1:1:stack/tcat-model-1/2"
CREATED = {"kind": "outcome", "test": "model", "region": "us-east-1", "status": "CREATE_COMPLETE", "reason": "", "stack": ARN,
           "seconds": 4.0, "failures": [], "outputs": {"A": "b"}}  # fmt: skip
BROKEN = CREATED | {
    "region": "us-west-2",
    "status": "CREATE_FAILED",
    "failures": [
        {"resource": "Role", "type": "AWS::IAM::Role", "reason": "Resource creation cancelled"},
        {"resource": "Endpoint", "type": "AWS::SageMaker::Endpoint", "reason": "no <capacity>\x00"},
        {"resource": "tcat", "type": "AWS::CloudFormation::Stack", "reason": "The following failed"},
    ],
}


def gone(region: str, status: str = "DELETE_COMPLETE") -> dict[str, str]:
    return {"kind": "end", "test": "model", "region": region, "status": status, "reason": "why"}


def fake(tmp_path: Path, *lines: dict[str, Any], code: int = 0, before: str = "", said: str = "") -> Path:
    """A stand-in for the environment's Python, which answers what it is told to."""
    program = tmp_path / "python"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    program.write_text(
        f"#!{sys.executable} -S\nimport signal, sys, time\n{before}\nsys.stdout.write({text!r}); sys.stdout.flush()\n"
        f"sys.stderr.write({said!r})\nsys.exit({code})\n"
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def two() -> taskcat.Project:
    return project(regions=["us-east-1", "us-west-2", "ap-east-2"])


def test_every_region_is_judged(two: taskcat.Project, tmp_path: Path) -> None:
    answers = [CREATED, BROKEN, gone("us-east-1"), gone("us-west-2"), {"kind": "complaint", "message": "x"}]
    done = taskcat_run.run(two, tmp_path, fake(tmp_path, *answers, code=1))
    assert [one.good for one in done.results] == [True, False]
    assert not done.passed
    assert done.results[1].complaint == "CREATE_FAILED: Endpoint: no <capacity>\x00"

    text = taskcat_report.as_text(two, done)
    assert "passed  us-east-1  created in 4 s" in text
    assert "FAILED  us-west-2  CREATE_FAILED: Endpoint: no <capacity>" in text
    assert "left out ap-east-2" in text
    assert "1 test, 1 of 2 regions passed" in text

    data = json.loads(taskcat_report.as_json(two, done))
    assert [row["passed"] for row in data["results"]] == [True, False]
    assert data["leftOut"][0]["region"] == "ap-east-2"

    suite = ET.fromstring(taskcat_report.as_junit(two, done))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [[inner.tag for inner in case] for case in suite] == [[], ["failure"], ["skipped"]]


def test_a_stack_that_stays_is_a_failure_unless_it_was_to_stay(two: taskcat.Project, tmp_path: Path) -> None:
    west = CREATED | {"region": "us-west-2"}
    answers = [CREATED, west, gone("us-east-1", "DELETE_FAILED"), gone("us-west-2")]
    done = taskcat_run.run(two, tmp_path, fake(tmp_path, *answers, code=1))
    assert done.results[0].complaint == "created, but not deleted: DELETE_FAILED: why"
    kept = taskcat_run.run(two, tmp_path, fake(tmp_path, CREATED, west), keep=True)
    assert kept.passed
    assert f"kept: {ARN}" in taskcat_report.as_text(two, kept)


@pytest.mark.parametrize(
    ("answers", "code", "said", "expected"),
    [
        ([{"kind": "error", "message": "ValueError: odd"}], 1, "", "ValueError: odd"),
        ([], 1, "boom\nImportError: pkg_resources\n", "ImportError: pkg_resources"),
        ([], 3, "", "exit code 3"),
        ([CREATED], 0, "", "exit code 0"),
    ],
)
def test_taskcat_that_ends_early_is_an_error(
    two: taskcat.Project, tmp_path: Path, answers: Any, code: int, said: str, expected: str
) -> None:
    with pytest.raises(taskcat_run.TaskcatFailed, match=expected) as failure:
        taskcat_run.run(two, tmp_path, fake(tmp_path, *answers, code=code, said=said))
    assert str(tmp_path / ".taskcat.log") in failure.value.hint
    if answers == [CREATED]:
        assert "delete-stack --region us-east-1 --stack-name tcat-model-1" in failure.value.hint


def test_credentials_that_are_missing_are_said(two: taskcat.Project, tmp_path: Path) -> None:
    python = fake(tmp_path, {"kind": "error", "message": "ProfileNotFound: nobody"}, code=1)
    with pytest.raises(CredentialsMissing, match="ProfileNotFound: nobody"):
        taskcat_run.run(two, tmp_path, python)


def test_the_timeout_asks_taskcat_to_delete(two: taskcat.Project, tmp_path: Path) -> None:
    waits = "signal.signal(signal.SIGINT, lambda *_: None); signal.pause()"
    said: list[str] = []
    python = fake(tmp_path, gone("us-east-1"), code=130, before=waits)
    done = taskcat_run.run(two, tmp_path, python, timeout=0.6, say=said.append)
    assert done.stopped == "not done after 0.6 s"
    assert not done.passed
    assert "deletes its stacks" in said[0]
    assert done.results[0].end == "DELETE_COMPLETE"
    assert done.results[1].complaint == "not launched"


# -- the environment -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_an_environment_that_cannot_be_made_leaves_nothing(
    tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho no index >&2\nexit 2\n")
    uv.chmod(0o755)
    monkeypatch.setattr(taskcat_env, "_uv", lambda: str(uv) if tool == "uv" else None)
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path))
    # pip finds nothing: no index, and no folder that the machine's own configuration names
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    said: list[str] = []
    with pytest.raises(taskcat_env.EnvironmentFailed, match="could not be made"):
        taskcat_env.python(said.append)
    assert f"once, with {tool}" in said[0]
    assert not taskcat_env.environment().exists()


def test_the_environment_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path))
    made: list[Path] = []

    def make(folder: Path, _: object) -> None:
        made.append(folder)
        time.sleep(0.1)
        folder.mkdir()
        (folder / ".done").touch()

    monkeypatch.setattr(taskcat_env, "_make", make)
    both = [threading.Thread(target=taskcat_env.python) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert made == [taskcat_env.environment()]


def test_a_cache_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(taskcat_env.EnvironmentFailed, match="cannot write"):
        taskcat_env.python()


def test_the_lock_holds_what_taskcat_needs() -> None:
    pins = dict(
        line.split()[0].split("==") for line in taskcat_env.lock_file().read_text().splitlines() if "==" in line
    )  # fmt: skip
    assert pins["taskcat"].startswith("0.9.")
    assert int(pins["setuptools"].split(".")[0]) < 81


# -- the command -----------------------------------------------------------------------------------------------------


def test_no_run_writes_and_launches_nothing(cfgen: Run, no_aws: None, tmp_path: Path) -> None:  # noqa: F811
    ran = cfgen("test", "specs/embeddings-tei.yaml", "--no-run", "--folder", tmp_path, "--region", "us-east-1",
                "-p", "us-east-1:InstanceCount=1")  # fmt: skip
    assert ran.code == 0
    assert ran.out == f"{tmp_path}/.taskcat.yml: 1 test of 1 stack\n"
    config = yaml.safe_load((tmp_path / ".taskcat.yml").read_text())
    assert "parameters" not in config["project"]
    assert config["tests"]["bge-small"]["parameters"]["InstanceCount"] == "1"


def test_nobody_to_ask(cfgen: Run, no_aws: None, tmp_path: Path) -> None:  # noqa: F811
    ran = cfgen("test", "specs/embeddings-tei.yaml", "--folder", tmp_path, "--region", "us-east-1")
    assert ran.code == 2
    assert "--no-confirm, or --no-run" in ran.err
