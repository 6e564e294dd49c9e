"""``cfgen plan`` as a user types it: text, data, page; credentials or none; exit codes; every mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen import cli
from cfgen.render import render
from cfgen.resolve import resolve
from cfgen.spec import load_spec
from tests.conftest import ROOT
from tests.plan.aws import ACCOUNT, Aws, by_code, denied, endpoints, launched, quota
from tests.plan.conftest import CATALOGUE
from tests.specs import CONTAINER, changed

MISTRAL = str(ROOT / "specs" / "mistral-7b.yaml")
LLAMA = str(ROOT / "specs" / "llama-3.1-8b.yaml")
TYPE = "ml.g6.2xlarge"
USAGE = f"{TYPE} for endpoint usage"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    no_aws: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Run ``cfgen plan ARGUMENTS`` in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def plan(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main(["plan", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(end.value.code or 0), out, err

    return plan


def allowed(aws: Aws, value: float, *running: tuple[str, str, int]) -> None:
    """An account with a quota of the instance type and running endpoints."""
    aws.answers |= endpoints(*running)
    aws.answers["service-quotas.GetServiceQuota"] = by_code(
        quota(USAGE, value, "L-98BDE811"), quota("Number of instances across active endpoints", 20, "L-7A3DF611"),
        quota("Concurrently running builds for ARM/Small environment", 1, "L-5ED1D25B", "codebuild"),
    )  # fmt: skip
    aws.answers["iam.GetAccountSummary"] = {"SummaryMap": {"Roles": 3, "RolesQuota": 1000}}
    aws.answers["secretsmanager.DescribeSecret"] = {"Name": "huggingface-token"}


def test_without_anything_it_plans_and_asks_nobody(run: Run) -> None:
    code, out, err = run(MISTRAL)
    assert (code, err) == (0, "")
    assert "Cost in us-east-1 (approximate prices of us-east-1): $1.22 an hour, $892.06 a month" in out
    assert f"? {USAGE}: 1 needed" in out
    assert "--quota-code L-98BDE811" in out
    assert "ready as far as can be seen" in out


def test_an_account_with_room(run: Run, aws: Aws) -> None:
    allowed(aws, 4, ("other", TYPE, 2))
    code, out, _ = run(LLAMA, "--region", "us-east-1")
    assert code == 0
    assert f"account {ACCOUNT}" in out
    assert f"✓ {USAGE}: 1 needed of 4, 2 in use" in out
    assert "✓ secret huggingface-token: is there" in out
    assert "request-service-quota-increase" not in out


def test_an_account_without_room_fails_with_what_to_do(run: Run, aws: Aws) -> None:
    allowed(aws, 2, ("other", TYPE, 2))
    code, out, _ = run(LLAMA, "--region", "eu-west-1")
    assert code == 1
    assert f"✗ {USAGE}: 1 needed of 2, 2 in use" in out
    assert "--quota-code L-98BDE811 --desired-value 3 --region eu-west-1" in out
    assert "a launch would be stopped" in out


def test_a_secret_that_is_not_there_fails(run: Run, aws: Aws) -> None:
    from cfgen.sandbox.wire import AwsError

    allowed(aws, 4)
    aws.answers["secretsmanager.DescribeSecret"] = AwsError("ResourceNotFoundException", "no", 400)
    code, out, _ = run(LLAMA)
    assert code == 1
    assert "✗ secret huggingface-token: is not there" in out
    assert "aws secretsmanager create-secret --name huggingface-token" in out


def test_who_may_not_look_is_told_and_nothing_fails(run: Run, aws: Aws) -> None:
    allowed(aws, 0)
    aws.answers["service-quotas.GetServiceQuota"] = denied("servicequotas:GetServiceQuota")
    aws.answers["secretsmanager.DescribeSecret"] = denied("secretsmanager:DescribeSecret")
    code, out, _ = run(LLAMA)
    assert code == 0
    assert "the caller needs servicequotas:GetServiceQuota" in " ".join(out.split())
    assert "could not be read: not allowed" in out


def test_offline_asks_nobody_even_with_credentials(run: Run, aws: Aws) -> None:
    assert run(LLAMA, "--offline")[0] == 0
    assert not aws.asked


def test_account_without_credentials_says_so(run: Run) -> None:
    code, out, _ = run(MISTRAL, "--account")
    assert code == 0
    assert "no AWS credentials that AWS accepts" in " ".join(out.split())


def test_parameters_are_planned(run: Run, tmp_path: Path) -> None:
    assert "$3,666" not in run(MISTRAL)[1]
    code, out, _ = run(MISTRAL, "-p", "InstanceCount=3")
    assert (code, "3 × ml.g6.2xlarge" in out, f"{USAGE}: 3 needed" in out) == (0, True, True)
    (tmp_path / "p.json").write_text(json.dumps({"InstanceType": "ml.g6e.2xlarge"}))
    assert "1 × ml.g6e.2xlarge" in run(MISTRAL, "--parameters-file", tmp_path / "p.json")[1]


def test_what_a_stack_keeps_is_planned_and_told(run: Run, aws: Aws) -> None:
    allowed(aws, 4)
    template = render(resolve(load_spec(Path(LLAMA)), CATALOGUE))
    aws.answers |= launched(template, InstanceType="ml.g6e.2xlarge", InstanceCount="2")
    code, out, err = run(LLAMA, "--region", "ap-northeast-3")  # which hosts g6e, and no g6
    assert code == 0
    assert "2 × ml.g6e.2xlarge" in out
    assert "ap-northeast-3: InstanceCount is 2, as in the stack llama-3-1-8b-instruct" in err
    assert run(LLAMA, "--region", "ap-northeast-3", "-p", "InstanceType=ml.g6.2xlarge")[0] == 1


def test_a_parameter_that_no_spec_has_is_refused(run: Run) -> None:
    code, out, err = run(MISTRAL, LLAMA, "-p", "InstanceCuont=3")
    assert (code, out) == (2, "")
    assert "did you mean InstanceCount?" in err
    # what one of them has is fine
    assert run(MISTRAL, LLAMA, "-p", "TokenSecret=mine")[0] == 0


def test_a_value_that_would_be_refused_fails(run: Run) -> None:
    code, out, _ = run(MISTRAL, "-p", "InstanceCount=many", "-p", "InstanceType=ml.m5.xlarge")
    assert code == 1
    assert "✗ parameter InstanceCount many must be a number" in out
    assert "✗ parameter InstanceType ml.m5.xlarge must be one of AllowedValues" in out


def test_a_region_that_cannot_fails(run: Run) -> None:
    code, out, _ = run(MISTRAL, "--region", "us-west-1")
    assert code == 1
    assert "✗ us-west-1 does not host ml.g6.2xlarge" in out


def test_a_region_to_be_enabled(run: Run, aws: Aws) -> None:
    assert (
        "• eu-south-2 must be enabled in the account"
        in run(MISTRAL, "--region", "eu-south-2", "--offline")[1]
    )
    allowed(aws, 4)
    aws.answers["ec2.DescribeRegions"] = {
        "Regions": [{"RegionName": "eu-south-2", "OptInStatus": "not-opted-in"}]
    }
    code, out, _ = run(MISTRAL, "--region", "eu-south-2")
    assert code == 1
    assert "aws account enable-region --region-name eu-south-2" in out


def test_several_regions_are_told_apart(run: Run) -> None:
    out = run(MISTRAL, "--region", "us-east-1", "--region", "eu-west-1")[1]
    assert "Cost in us-east-1 (" in out
    assert "Cost in eu-west-1 (approximate prices of us-east-1)" in out
    assert f"{USAGE}: 1 needed [eu-west-1]" in out


def test_as_data(run: Run) -> None:
    code, out, _ = run(MISTRAL, "--format", "json", "--offline")
    found = json.loads(out)
    assert code == 0
    assert found["ok"] is True
    assert found["costs"][0]["hourly"] == 1.222
    assert found["costs"][0]["monthly"] == 892.06
    assert found["license"]["permissive"] is True
    assert {row["name"] for row in found["table"] if row["launches"]} >= {"us-east-1", "eu-west-1"}
    assert found["quotas"][0]["need"]["name"] == USAGE
    several = json.loads(run(MISTRAL, LLAMA, "--format", "json", "--offline")[1])
    assert [one["name"] for one in several] == ["mistral-7b-instruct", "llama-3-1-8b-instruct"]


def test_as_a_page(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(MISTRAL, "--format", "html", "-o", "plan.html")
    assert (code, out) == (0, "plan.html\n")
    assert (tmp_path / "plan.html").read_text().startswith("<!doctype html>")
    # without a place, where renderings go; several, a file each
    assert run(MISTRAL, "--format", "html")[1] == "build/mistral-7b-instruct.plan.html\n"
    code, out, _ = run(MISTRAL, LLAMA, "--format", "html", "-o", "plans")
    assert out == "plans/mistral-7b-instruct.plan.html\nplans/llama-3-1-8b-instruct.plan.html\n"
    assert len(list((tmp_path / "plans").iterdir())) == 2


def test_a_file_instead_of_the_terminal_still_tells_what_fails(run: Run, aws: Aws) -> None:
    allowed(aws, 0)
    code, out, err = run(MISTRAL, "-o", "plan.txt")
    assert (code, out) == (1, "plan.txt\n")
    assert f"{USAGE}: 1 needed of 0, 0 in use" in err


def test_live_prices(run: Run, aws: Aws) -> None:
    from tests.plan.test_prices import catalogue_of, product

    allowed(aws, 4)
    aws.answers["pricing.GetProducts"] = catalogue_of(product("A", TYPE, "1.53", "eu-central-1"))
    out = run(MISTRAL, "--region", "eu-central-1", "--live")[1]
    assert "Cost in eu-central-1 (live prices of eu-central-1): $1.53 an hour, $1,117 a month" in out


def test_live_prices_that_nobody_has(run: Run) -> None:
    code, out, err = run(MISTRAL, "--live")
    assert code == 0
    assert "us-east-1: no live prices" in err
    assert "approximate prices of us-east-1: no live price" in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none.yaml"], 1, "none.yaml"),
        ([MISTRAL, "--region", "mars-1"], 1, "mars-1"),
        ([MISTRAL, "-p", "Nothing=1"], 2, "no parameter Nothing"),
        ([MISTRAL, "-p", "InstanceCount"], 2, "KEY=VALUE"),
        ([MISTRAL, "--parameters-file", "none.json"], 2, "none.json"),
        ([MISTRAL, "--catalog", "none.yaml"], 1, "none.yaml"),
        ([MISTRAL, "-o", "/proc/nothing/x"], 1, "cannot write"),
        ([MISTRAL, "--format", "pdf"], 2, "pdf"),
        ([], 2, "SPEC"),
    ],
)
def test_mistakes_are_told(run: Run, arguments: list[str], code: int, says: str) -> None:
    got, out, err = run(*arguments)
    assert got == code
    assert says in err
    assert out == ""


def test_a_licence_that_binds_and_is_not_accepted(run: Run, tmp_path: Path) -> None:
    spec: Any = changed(CONTAINER, model__license={"id": "gemma"})
    (tmp_path / "g.yaml").write_text(yaml.safe_dump(spec))
    code, _, err = run("g.yaml")
    assert code == 1
    assert "Gemma Terms of Use is not permissive" in err
    assert "accepted: true" in err
    # one that cannot be planned does not keep the others
    code, out, err = run("g.yaml", MISTRAL)
    assert code == 1
    assert "mistral-7b-instruct" in out
    assert "1 spec of 2 could not be planned" in err


def test_a_model_package_needs_a_subscription(run: Run) -> None:
    out = run(ROOT / "specs" / "model-package.yaml")[1]
    assert "• subscription in AWS Marketplace" in out
    assert "sagemaker-mkt-find-subscribe" in out


def test_no_licence_is_to_be_stated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(yaml.safe_dump(CONTAINER))
    assert "• licence: the spec names no licence" in run("n.yaml")[1]
