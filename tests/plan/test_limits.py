"""Quotas: what a launch needs, judged against what an account has, and the command that asks for more."""

from __future__ import annotations

import shlex

import pytest

from cfgen.document import load as load_template
from cfgen.plan.account import Account, Reading
from cfgen.plan.limits import judge, request, words
from cfgen.plan.model import QuotaNeed
from cfgen.plan.needs import quota_needs
from cfgen.plan.view import world_of
from tests.plan.conftest import Planner

NEED = QuotaNeed(
    "endpoint:ml.g6.2xlarge", "sagemaker", "ml.g6.2xlarge for endpoint usage", "L-98BDE811", 2, None, "", True
)


def needs_of(text: str) -> dict[str, int]:
    return {
        need.key: need.need
        for need in quota_needs(world_of(load_template(f"Resources:\n{text}"), "us-east-1", {}))
    }


def test_instances_are_counted_by_type_and_together() -> None:
    found = needs_of(
        "  C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: ["
        "{VariantName: A, InstanceType: ml.g5.2xlarge, InitialInstanceCount: 2}, "
        "{VariantName: B, InstanceType: ml.g5.2xlarge, InitialInstanceCount: 1}, "
        "{VariantName: C, InstanceType: ml.g6.2xlarge, InitialInstanceCount: 1}]}}"
    )
    assert found == {"endpoint:ml.g5.2xlarge": 3, "endpoint:ml.g6.2xlarge": 1, "endpoint-instances": 4}


def test_scaling_needs_as_many_as_it_may_come_to() -> None:
    found = needs_of(
        "  C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: ["
        "{VariantName: A, InstanceType: ml.g5.2xlarge, InitialInstanceCount: 1}]}}\n"
        "  T: {Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: "
        "{ResourceId: endpoint/x/variant/A, MinCapacity: 1, MaxCapacity: 8}}"
    )
    assert found["endpoint:ml.g5.2xlarge"] == 8
    assert found["scalable-targets"] == 1


def test_a_pool_touches_the_quota_of_every_type_and_needs_none_of_them() -> None:
    data = load_template(
        "Resources:\n  C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: ["
        "{VariantName: A, InitialInstanceCount: 2, InstancePools: [{InstanceType: ml.g5.2xlarge, Priority: 1}, "
        "{InstanceType: ml.g6.2xlarge, Priority: 2}]}]}}"
    )
    needs = {need.key: need for need in quota_needs(world_of(data, "us-east-1", {}))}
    assert {key: need.need for key, need in needs.items()} == {
        "endpoint:ml.g5.2xlarge": 2, "endpoint:ml.g6.2xlarge": 2, "endpoint-instances": 2
    }  # fmt: skip
    full = {key: Reading(0, 0) for key in needs}
    statuses = [
        one.status for one in judge(tuple(needs.values()), "us-east-1", Account("us-east-1", "1", full))
    ]
    assert statuses == ["warning", "warning", "failed"]


def test_serverless_has_limits_of_its_own() -> None:
    found = needs_of(
        "  C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: "
        "[{VariantName: A, ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 20}}]}}"
    )
    assert found == {"serverless-endpoints": 1, "serverless-concurrency": 20}


def test_a_network_touches_the_limits_of_networks(plan_of: Planner) -> None:
    found = {quota.need.key: quota.need for quota in plan_of("created-vpc").quotas}
    assert found["vpcs"].need == 1
    assert found["interface-endpoints"].name == "Interface VPC endpoints per VPC"
    assert found["vpcs"].code == "L-F678F1CE"
    assert "roles" in found


def test_codes_are_those_of_the_service() -> None:
    from cfgen.catalogue.quotas import KNOWN, endpoint_usage

    assert endpoint_usage("ml.g5.2xlarge").code == "L-9614C779"
    # no source gives one: it is looked up, not made up
    assert endpoint_usage("ml.g7e.2xlarge").code == ""
    for one in KNOWN.values():
        assert one.code == "" or (one.code.startswith("L-") and len(one.code) == 10)


@pytest.mark.parametrize(
    ("value", "used", "stack", "status"),
    [
        (2, 0, "", "ok"),
        (4, 2, "", "ok"),
        (3, 2, "", "failed"),
        (0, 0, "", "failed"),
        (3, 2, "CREATE_COMPLETE", "warning"),
        (2, None, "", "ok"),
        (1, None, "", "failed"),
    ],
)
def test_verdicts(value: float, used: float | None, stack: str, status: str) -> None:
    account = Account("us-east-1", "1", {NEED.key: Reading(value, used)}, stack=stack)
    (quota,) = judge((NEED,), "us-east-1", account)
    assert quota.status == status
    assert bool(quota.request) == (status in {"failed", "warning"})


def test_what_is_asked_for_leaves_room_for_what_runs() -> None:
    account = Account("eu-west-1", "1", {NEED.key: Reading(3, 3)})
    (quota,) = judge((NEED,), "eu-west-1", account)
    assert shlex.split(quota.request) == [
        "aws", "service-quotas", "request-service-quota-increase", "--service-code", "sagemaker",
        "--quota-code", "L-98BDE811", "--desired-value", "5", "--region", "eu-west-1",
    ]  # fmt: skip
    assert words(quota) == "ml.g6.2xlarge for endpoint usage: 2 needed of 3, 3 in use"


def test_the_api_s_code_comes_before_none() -> None:
    bare = QuotaNeed("k", "sagemaker", "ml.g7e.2xlarge for endpoint usage", "", 1, None, "", True)
    (quota,) = judge((bare,), "us-east-1", Account("us-east-1", "1", {"k": Reading(0, 0, "L-5AA715AC")}))
    assert "--quota-code L-5AA715AC" in quota.request
    found = shlex.split(request(bare, "us-east-1", "", 1))
    assert found[:3] == ["aws", "service-quotas", "list-service-quotas"]
    assert "Quotas[?QuotaName=='ml.g7e.2xlarge for endpoint usage'].[QuotaCode,Value]" in found


def test_what_cannot_be_raised_is_not_asked_for() -> None:
    account = Account("us-east-1", "1", {NEED.key: Reading(0, 0, adjustable=False)})
    (quota,) = judge((NEED,), "us-east-1", account)
    assert (quota.status, quota.request) == ("failed", "")


def test_what_could_not_be_read_fails_nothing() -> None:
    for account in (None, Account("us-east-1", problem="no credentials"), Account("us-east-1", "1")):
        (quota,) = judge((NEED,), "us-east-1", account)
        assert quota.status == "unknown"
        assert quota.why
