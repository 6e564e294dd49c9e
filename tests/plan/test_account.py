"""Reading an account with the real boto3 client: values, use, secrets, and every way of not being able to."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.deploy.account import read
from cfgen.plan.account import MISSING, Account
from cfgen.plan.model import QuotaNeed
from cfgen.sandbox.wire import AwsError
from tests.plan.aws import ACCOUNT, Aws, by_code, denied, endpoints, quota

TYPE = "ml.g6.2xlarge"
USAGE = QuotaNeed(
    f"endpoint:{TYPE}", "sagemaker", f"{TYPE} for endpoint usage", "L-98BDE811", 1, None, "", True
)
TOTAL = QuotaNeed(
    "endpoint-instances",
    "sagemaker",
    "Number of instances across active endpoints",
    "L-7A3DF611",
    1,
    20,
    "",
    True,
)
NAMELESS = QuotaNeed(
    "endpoint:ml.g7e.2xlarge", "sagemaker", "ml.g7e.2xlarge for endpoint usage", "", 1, None, "", True
)


def look(*needs: QuotaNeed, **more: Any) -> Account:
    return read("us-east-1", None, needs, **more)


def test_values_and_use(aws: Aws) -> None:
    aws.answers |= endpoints(("a", TYPE, 2), ("b", "ml.m5.xlarge", 3), ("c", TYPE, 1))
    aws.answers["service-quotas.GetServiceQuota"] = by_code(
        quota(USAGE.name, 4, USAGE.code), quota(TOTAL.name, 20, TOTAL.code)
    )
    account = look(USAGE, TOTAL)
    assert account.id == ACCOUNT
    assert (account.quotas[USAGE.key].value, account.quotas[USAGE.key].used) == (4, 3)
    assert (account.quotas[TOTAL.key].value, account.quotas[TOTAL.key].used) == (20, 6)
    assert aws.asked["sagemaker.ListEndpoints"] == 1
    assert aws.asked["sagemaker.DescribeEndpoint"] == 3


def test_pools_shadows_and_pages_are_counted(aws: Aws) -> None:
    aws.answers |= endpoints(("a", TYPE, 1))
    listed = aws.answers["sagemaker.ListEndpoints"]
    assert isinstance(listed, dict)
    one = listed["Endpoints"][0]
    dead = {**one, "EndpointName": "dead", "EndpointStatus": "Failed"}
    aws.answers["sagemaker.ListEndpoints"] = lambda p: (
        {"Endpoints": [one]} if p.get("NextToken") else {"Endpoints": [dead], "NextToken": "more"}
    )
    pools = {"VariantName": "P", "InstancePools": [{"InstanceType": TYPE, "CurrentInstanceCount": 2}]}
    shadow = {"VariantName": "S", "CurrentInstanceCount": 4, "DesiredInstanceCount": 5}
    described = aws.answers["sagemaker.DescribeEndpoint"]
    assert callable(described)
    aws.answers["sagemaker.DescribeEndpoint"] = lambda p: {
        **described(p), "ProductionVariants": [pools], "ShadowProductionVariants": [shadow]
    }  # fmt: skip
    config = aws.answers["sagemaker.DescribeEndpointConfig"]
    assert callable(config)
    aws.answers["sagemaker.DescribeEndpointConfig"] = lambda p: {
        **config(p), "ShadowProductionVariants": [{"VariantName": "S", "ModelName": "m", "InstanceType": TYPE}]
    }  # fmt: skip
    aws.answers["service-quotas.GetServiceQuota"] = by_code(quota(USAGE.name, 9, USAGE.code))
    assert look(USAGE).quotas[USAGE.key].used == 7


def test_a_code_that_nobody_gives_is_found_by_name_and_remembered(aws: Aws) -> None:
    aws.answers |= endpoints()
    aws.answers["service-quotas.ListServiceQuotas"] = lambda p: (
        {"Quotas": [quota(NAMELESS.name, 3, "L-5AA715AC")]}
        if p.get("NextToken")
        else {"Quotas": [quota("something else", 1)], "NextToken": "more"}
    )
    reading = look(NAMELESS).quotas[NAMELESS.key]
    assert (reading.value, reading.code) == (3, "L-5AA715AC")
    assert aws.asked["service-quotas.ListServiceQuotas"] == 2
    aws.answers["service-quotas.GetServiceQuota"] = by_code(quota(NAMELESS.name, 5, "L-5AA715AC"))
    assert look(NAMELESS).quotas[NAMELESS.key].value == 5
    assert aws.asked["service-quotas.ListServiceQuotas"] == 2


def test_a_name_that_is_not_listed(aws: Aws) -> None:
    aws.answers |= endpoints()
    aws.answers["service-quotas.ListServiceQuotas"] = {"Quotas": []}
    reading = look(NAMELESS).quotas[NAMELESS.key]
    assert (reading.value, reading.why) == (None, "Service Quotas does not know it here")


def test_without_a_value_of_the_account_the_default_holds(aws: Aws) -> None:
    aws.answers |= endpoints()
    aws.answers["service-quotas.GetServiceQuota"] = by_code()
    aws.answers["service-quotas.GetAWSDefaultServiceQuota"] = by_code(quota(USAGE.name, 0, USAGE.code))
    assert look(USAGE).quotas[USAGE.key].value == 0


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (
            denied("servicequotas:GetServiceQuota"),
            "not allowed: the caller needs servicequotas:GetServiceQuota",
        ),
        (AwsError("TooManyRequestsException", "Rate exceeded", 429), "AWS asks to slow down"),
        (AwsError("ServiceException", "Something broke", 500), "ServiceException: Something broke"),
    ],
)
def test_a_quota_that_cannot_be_read_says_why(aws: Aws, failure: AwsError, why: str) -> None:
    aws.answers |= endpoints(("a", TYPE, 2))
    aws.answers["service-quotas.GetServiceQuota"] = failure
    reading = look(USAGE).quotas[USAGE.key]
    assert reading.value is None
    assert why in reading.why
    assert reading.used == 2


def test_use_that_cannot_be_read_says_why(aws: Aws) -> None:
    aws.answers["service-quotas.GetServiceQuota"] = by_code(quota(USAGE.name, 4, USAGE.code))
    reading = look(USAGE).quotas[USAGE.key]
    assert (reading.value, reading.used) == (4, None)
    assert "not allowed" in reading.why
    aws.answers |= endpoints(("a", TYPE, 2))
    aws.answers["sagemaker.DescribeEndpointConfig"] = denied("sagemaker:DescribeEndpointConfig")
    assert look(USAGE).quotas[USAGE.key].used is None


def test_too_many_endpoints_are_not_counted(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cfgen.deploy.account.usage.MOST_ENDPOINTS", 1)
    aws.answers |= endpoints(("a", TYPE, 2), ("b", TYPE, 2))
    aws.answers["service-quotas.GetServiceQuota"] = by_code(quota(USAGE.name, 4, USAGE.code))
    reading = look(USAGE).quotas[USAGE.key]
    assert reading.used is None
    assert "more than" in reading.why
    assert aws.asked["sagemaker.DescribeEndpoint"] == 0


def test_networks_addresses_roles_and_targets(aws: Aws) -> None:
    keys = {
        "vpcs": "vpc",
        "internet-gateways": "vpc",
        "elastic-ips": "ec2",
        "nat-gateways": "vpc",
        "gateway-endpoints": "vpc",
    }
    needs = [QuotaNeed(key, service, key, "L-00000001", 1, None, "") for key, service in keys.items()]
    needs.append(QuotaNeed("roles", "iam", "Roles per account", "", 2, 1000, ""))
    needs.append(QuotaNeed("scalable-targets", "application-autoscaling", "t", "L-00000001", 1, 500, ""))
    gateways = [{"NatGatewayId": f"n{n}", "SubnetId": f"s{n}", "State": "available"} for n in range(3)]
    aws.answers |= {
        "service-quotas.GetServiceQuota": by_code(quota("x", 5, "L-00000001")),
        "ec2.DescribeVpcs": {"Vpcs": [{"VpcId": "a"}, {"VpcId": "b"}]},
        "ec2.DescribeInternetGateways": {"InternetGateways": [{"InternetGatewayId": "i"}]},
        "ec2.DescribeAddresses": {"Addresses": [{"PublicIp": "1.2.3.4"}]},
        "ec2.DescribeNatGateways": {"NatGateways": gateways},
        "ec2.DescribeSubnets": {
            "Subnets": [
                {"SubnetId": "s0", "AvailabilityZone": "a"}, {"SubnetId": "s1", "AvailabilityZone": "b"},
                {"SubnetId": "s2", "AvailabilityZone": "a"},
            ]
        },
        "ec2.DescribeVpcEndpoints": {"VpcEndpoints": []},
        "iam.GetAccountSummary": {"SummaryMap": {"Roles": 990, "RolesQuota": 1000}},
        "application-autoscaling.DescribeScalableTargets": {"ScalableTargets": []},
    }  # fmt: skip
    account = look(*needs)
    assert {key: account.quotas[key].used for key in keys} == {
        "vpcs": 2, "internet-gateways": 1, "elastic-ips": 1, "nat-gateways": 2, "gateway-endpoints": 0
    }  # fmt: skip
    assert (account.quotas["roles"].value, account.quotas["roles"].used) == (1000, 990)
    assert account.quotas["scalable-targets"].used == 0


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"Name": "hub", "ARN": "arn"}, ""),
        ({"Name": "hub", "ARN": "arn", "DeletedDate": 0}, MISSING),
        (
            AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400),
            MISSING,
        ),
        (
            denied("secretsmanager:DescribeSecret"),
            "not allowed: the caller needs secretsmanager:DescribeSecret",
        ),
    ],
)
def test_secrets_are_looked_for_never_read(aws: Aws, answer: Any, state: str) -> None:
    aws.answers["secretsmanager.DescribeSecret"] = answer
    assert look(secrets=["hub"]).secrets["hub"].startswith(state)
    assert (look(secrets=["hub"]).secrets["hub"] == "") == (state == "")
    assert aws.asked["secretsmanager.GetSecretValue"] == 0


def test_a_stack_that_exists_is_seen(aws: Aws) -> None:
    def stack(status: str) -> dict[str, Any]:
        return {"Stacks": [{"StackName": "s", "StackStatus": status, "CreationTime": 0}]}

    aws.answers["cloudformation.DescribeStacks"] = stack("UPDATE_COMPLETE")
    assert look(stack_name="s").stack == "UPDATE_COMPLETE"
    aws.answers["cloudformation.DescribeStacks"] = stack("REVIEW_IN_PROGRESS")
    assert look(stack_name="s").stack == ""
    aws.answers["cloudformation.DescribeStacks"] = AwsError(
        "ValidationError", "Stack with id s does not exist", 400
    )
    assert look(stack_name="s").stack == ""


@pytest.mark.parametrize(("status", "enabled"), [("opted-in", True), ("not-opted-in", False)])
def test_whether_a_region_is_enabled_is_asked_elsewhere(aws: Aws, status: str, enabled: bool) -> None:
    aws.answers["ec2.DescribeRegions"] = {"Regions": [{"RegionName": "af-south-1", "OptInStatus": status}]}
    account = read("af-south-1", None, (), opt_in=True)
    assert account.enabled is enabled
    assert ("ec2.DescribeRegions", "us-east-1") in [(name, region) for name, region, _ in aws.params]
    # a region that is off does not know the keys: what is known of it is still told
    aws.answers["sts.GetCallerIdentity"] = AwsError(
        "InvalidClientTokenId", "The security token is invalid", 403
    )
    account = read("af-south-1", None, (), opt_in=True)
    assert account.problem == "no AWS credentials that AWS accepts"
    assert account.enabled is enabled


def test_without_credentials_nothing_is_read(no_aws: None) -> None:
    account = look(USAGE, secrets=["hub"])
    assert account.problem == "no AWS credentials that AWS accepts"
    assert account.quotas == {}


def test_a_profile_that_does_not_exist(no_aws: None) -> None:
    assert "no AWS credentials" in read("us-east-1", "nobody", [USAGE]).problem


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (
            AwsError("ExpiredToken", "The security token included in the request is expired", 403),
            "have expired",
        ),
        (AwsError("Throttling", "Rate exceeded", 400), "slow down"),
        (denied("sts:GetCallerIdentity"), "not allowed"),
    ],
)
def test_who_is_calling_cannot_be_told(aws: Aws, failure: AwsError, problem: str) -> None:
    aws.answers["sts.GetCallerIdentity"] = failure
    assert problem in look(USAGE).problem


def test_an_address_where_nothing_answers(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert look(USAGE).problem == "AWS does not answer"


def test_a_fault_of_our_own_is_not_hidden(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("cfgen.deploy.account.quotas._reading", broken)
    aws.answers |= endpoints()
    aws.answers["service-quotas.GetServiceQuota"] = by_code(quota(USAGE.name, 4, USAGE.code))
    with pytest.raises(ZeroDivisionError):
        look(USAGE)
