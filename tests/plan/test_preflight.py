"""What ``deploy`` looks at first: it stops what would fail, and nothing for want of a right to look."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cfgen.deploy import errors, preflight
from cfgen.deploy.launch import Launch
from cfgen.render import render
from cfgen.resolve import resolve
from cfgen.sandbox.wire import AwsError
from cfgen.spec import load_spec
from tests.conftest import ROOT
from tests.plan.aws import Aws, by_code, endpoints, launched, quota
from tests.plan.conftest import CATALOGUE

USAGE = "ml.g6.2xlarge for endpoint usage"
TEMPLATE = render(resolve(load_spec(ROOT / "specs" / "llama-3.1-8b.yaml"), CATALOGUE))


def launch(region: str = "us-east-1", **more: Any) -> Launch:
    return Launch(TEMPLATE, "stack", region, **more)


def look(*launches: Launch) -> list[preflight.Verdict]:
    return preflight.look(launches, CATALOGUE, 4, threading.Event())


def allowed(aws: Aws, value: float) -> None:
    aws.answers |= endpoints()
    aws.answers["service-quotas.GetServiceQuota"] = by_code(
        quota(USAGE, value, "L-98BDE811"),
        quota("Number of instances across active endpoints", 20, "L-7A3DF611"),
    )
    aws.answers["secretsmanager.DescribeSecret"] = {"Name": "huggingface-token"}


def deployed(aws: Aws, **values: str) -> None:
    """A stack of the same template, launched with other values."""
    aws.answers |= launched(TEMPLATE, **values)


def test_room_and_secret_let_it_go_on(aws: Aws) -> None:
    allowed(aws, 1)
    (verdict,) = look(launch())
    assert verdict.failed == ()
    assert verdict.warnings == ()
    preflight.refuse([verdict])


def test_a_quota_too_small_and_a_missing_secret_are_told_together(aws: Aws) -> None:
    allowed(aws, 0)
    aws.answers["secretsmanager.DescribeSecret"] = AwsError("ResourceNotFoundException", "no", 400)
    with pytest.raises(errors.PreflightFailed) as error:
        preflight.refuse(look(launch()))
    said = error.value.message
    assert f"{USAGE}: 1 needed of 0, 0 in use" in said
    assert "request-service-quota-increase" in said
    assert "secret huggingface-token: is not there" in said
    assert "--skip-preflight" in error.value.hint
    assert error.value.exit_code == 1


def test_parameters_of_the_launch_count(aws: Aws) -> None:
    allowed(aws, 2)
    assert look(launch(parameters={"InstanceCount": "2"}))[0].failed == ()
    assert look(launch(parameters={"InstanceCount": "3"}))[0].failed


def test_regions_are_told_apart(aws: Aws) -> None:
    allowed(aws, 0)
    with pytest.raises(errors.PreflightFailed) as error:
        preflight.refuse(look(launch(), launch("eu-west-1")))
    assert "[stack us-east-1]" in error.value.message
    assert "[stack eu-west-1]" in error.value.message


def test_a_stack_that_exists_is_warned(aws: Aws) -> None:
    allowed(aws, 0)
    deployed(aws)
    (verdict,) = look(launch())
    assert verdict.failed == ()
    assert [check.title for check in verdict.warnings] == [f"{USAGE}: 1 needed of 0, 0 in use"]


def test_what_a_stack_keeps_counts_as_if_it_were_given(aws: Aws) -> None:
    allowed(aws, 4)
    region = "ap-northeast-3"  # hosts g6e, and no g6
    assert [check.kind for check in look(launch(region))[0].failed] == ["region"]
    deployed(aws, InstanceType="ml.g6e.2xlarge", InstanceCount="3")
    assert look(launch(region))[0].failed == ()
    kept = {(check.title, check.status) for check in look(launch(region))[0].checks if check.kind == "quota"}
    assert ("Number of instances across active endpoints: 3 needed of 20, 0 in use", "ok") in kept
    assert look(launch(region, reset_parameters=True))[0].failed
    # and what is given goes before it
    (verdict,) = look(launch(region, parameters={"InstanceType": "ml.g6.2xlarge"}))
    assert [check.kind for check in verdict.failed] == ["region"]


def test_a_value_that_cloudformation_would_refuse_is_told_first(aws: Aws) -> None:
    allowed(aws, 4)
    given = {"InstanceType": "ml.m5.xlarge", "InstanceCount": "many", "EndpointName": "-x"}
    with pytest.raises(errors.PreflightFailed) as error:
        preflight.refuse(look(launch(parameters=given)))
    said = error.value.message
    assert "InstanceType ml.m5.xlarge must be one of AllowedValues" in said
    assert "one of ml.g6.2xlarge" in said
    assert "InstanceCount many must be a number" in said
    assert "EndpointName -x must match" in said


@pytest.mark.parametrize("failure", ["AccessDeniedException", "ThrottlingException", "InternalFailure"])
def test_what_cannot_be_read_stops_nothing(aws: Aws, failure: str) -> None:
    for name in (
        "service-quotas.GetServiceQuota",
        "secretsmanager.DescribeSecret",
        "sagemaker.ListEndpoints",
    ):
        aws.answers[name] = AwsError(failure, "no", 400)
    preflight.refuse(look(launch()))


def test_without_credentials_the_launch_itself_says_so(no_aws: None) -> None:
    (verdict,) = look(launch())
    assert verdict.failed == ()
    assert verdict.account.problem


def test_the_value_of_a_secret_is_never_asked_for(aws: Aws) -> None:
    allowed(aws, 1)
    look(launch())
    assert not [name for name in aws.asked if "GetSecretValue" in name]
    # cheap: a handful of calls
    assert sum(aws.asked.values()) <= 8
