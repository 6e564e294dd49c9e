"""Costs: each resource at its price, sums, what is by use, what has no price, and never a price of another region."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.document import load as load_template
from cfgen.plan.costs import costs
from cfgen.plan.model import HOURS, RegionCost
from cfgen.plan.prices import LivePrices, Prices
from cfgen.plan.savings import savings
from cfgen.plan.text import bill as words
from cfgen.plan.view import world_of
from tests.conftest import SPECS
from tests.plan.conftest import CATALOGUE, Planner

PRICE = 1.222  # ml.g6.2xlarge, bundled


def bill(
    resources: str, region: str = "us-east-1", live: LivePrices | None = None, **values: str
) -> RegionCost:
    indented = "\n".join(f"  {line}" for line in resources.strip().splitlines())
    data = load_template(f"Parameters:\n  Count: {{Type: Number, Default: 2}}\nResources:\n{indented}\n")
    return costs(world_of(data, region, values), Prices(CATALOGUE, live))


CONFIG = """
Config:
  Type: AWS::SageMaker::EndpointConfig
  Properties:
    ProductionVariants:
      - {VariantName: A, InstanceType: ml.g6.2xlarge, InitialInstanceCount: !Ref Count}
"""


def test_instances_by_the_hour_and_the_month() -> None:
    cost = bill(CONFIG)
    line = cost.lines[0]
    assert (line.resource, line.what) == ("Config", "2 × ml.g6.2xlarge")
    assert line.hourly == pytest.approx(2 * PRICE)
    assert line.monthly == pytest.approx(2 * PRICE * HOURS)
    assert cost.hourly == pytest.approx(2 * PRICE)
    assert "fmbench" in line.source
    assert not line.live


def test_parameters_of_the_launcher_count() -> None:
    assert bill(CONFIG, Count="5").hourly == pytest.approx(5 * PRICE)


def test_bundled_prices_are_never_those_of_a_region() -> None:
    for region in ("us-east-1", "eu-central-1"):
        cost = bill(CONFIG, region)
        assert cost.basis == "approximate prices of us-east-1"
        assert not any(line.live for line in cost.lines)


def test_live_prices_are_the_region_s_own_and_say_so() -> None:
    live = LivePrices("eu-central-1", "AWS Pricing API", {"ml.g6.2xlarge": 1.53})
    cost = bill(CONFIG, "eu-central-1", live)
    assert cost.basis == "live prices of eu-central-1"
    assert cost.lines[0].hourly == pytest.approx(2 * 1.53)
    assert cost.lines[0].live
    # what was not read live stays marked as bundled
    assert [line.live for line in cost.lines[1:]] == [False] * (len(cost.lines) - 1)


def test_live_prices_that_could_not_be_had_are_approximate() -> None:
    cost = bill(CONFIG, "eu-central-1", LivePrices("eu-central-1", problem="no"))
    assert cost.basis == "approximate prices of us-east-1: no live price"
    assert cost.hourly == pytest.approx(2 * PRICE)


@pytest.mark.parametrize("kind", ["ml.r7i.48xlarge", "ml.nonsense.large"])
def test_an_unknown_price_is_told_not_guessed(kind: str) -> None:
    cost = bill(CONFIG.replace("ml.g6.2xlarge", kind))
    line = next(line for line in cost.lines if not line.known)
    assert line.hourly is None
    assert line.rate is None
    assert "--live" in line.note
    assert not cost.complete


@pytest.mark.parametrize(
    ("resource", "what", "hourly"),
    [
        ("Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: s}}", "NAT gateway", 0.045),
        ("Ip: {Type: AWS::EC2::EIP}", "public IPv4 address", 0.005),
        (
            "E: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: Interface, SubnetIds: [a, b, c]}}",
            "interface endpoint in 3 zones",
            0.03,
        ),
        ("K: {Type: AWS::KMS::Key}", "KMS key", 1 / HOURS),
        ("A: {Type: AWS::CloudWatch::Alarm}", "alarm", 0.1 / HOURS),
        (
            "A: {Type: AWS::CloudWatch::Alarm, Properties: {Metrics: [{Id: a, MetricStat: {}}, {Id: b, MetricStat: {}}, {Id: c, Expression: a/b}]}}",
            "alarm on 2 metrics",
            0.2 / HOURS,
        ),
        ("S: {Type: AWS::SecretsManager::Secret}", "secret", 0.4 / HOURS),
        ("D: {Type: AWS::CloudWatch::Dashboard}", "dashboard", 3 / HOURS),
        ("W: {Type: AWS::WAFv2::WebACL, Properties: {Rules: [{}, {}]}}", "2 rules of the web ACL", 2 / HOURS),
    ],
)
def test_what_is_always_paid(resource: str, what: str, hourly: float) -> None:
    line = next(line for line in bill(resource).lines if line.what == what)
    assert line.hourly == pytest.approx(hourly)
    assert line.source


@pytest.mark.parametrize(
    ("resource", "what", "rate", "unit"),
    [
        ("B: {Type: AWS::S3::Bucket}", "files kept", 0.023, "GB-month"),
        ("L: {Type: AWS::Logs::LogGroup}", "logs written", 0.5, "GB"),
        (
            "P: {Type: AWS::CodeBuild::Project, Properties: {Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL}}}",
            "build",
            0.005,
            "minute",
        ),
        (
            "P: {Type: AWS::CodeBuild::Project, Properties: {Environment: {Type: ARM_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL}}}",
            "build",
            0.0034,
            "minute",
        ),
        (
            "P: {Type: AWS::CodeBuild::Project, Properties: {Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_2XLARGE}}}",
            "build",
            None,
            "minute",
        ),
    ],
)
def test_what_is_paid_by_use(resource: str, what: str, rate: float | None, unit: str) -> None:
    cost = bill(resource)
    line = next(line for line in cost.lines if line.what == what)
    assert (line.rate, line.unit, line.hourly) == (rate, unit, None)
    assert cost.hourly == 0


def test_gateway_endpoints_are_free() -> None:
    assert bill("E: {Type: AWS::EC2::VPCEndpoint, Properties: {ServiceName: s3}}").lines == ()


def test_scaling_out_has_its_price_too() -> None:
    scaled = f"""{CONFIG}
Target:
  Type: AWS::ApplicationAutoScaling::ScalableTarget
  Properties: {{ResourceId: endpoint/e/variant/A, ServiceNamespace: sagemaker, MinCapacity: 1, MaxCapacity: 6}}
"""
    cost = bill(scaled)
    assert cost.hourly == pytest.approx(2 * PRICE)
    assert cost.least == pytest.approx(PRICE * HOURS)
    assert cost.most == pytest.approx(6 * PRICE * HOURS)
    assert cost.lines[0].note == "1 to 6 instances"
    # scaling brings what is missing to its minimum at once
    assert bill(scaled.replace("MinCapacity: 1", "MinCapacity: 4")).hourly == pytest.approx(4 * PRICE)


def test_what_scales_to_zero_may_cost_nothing_and_saves_it_already() -> None:
    managed = CONFIG.replace(
        "InitialInstanceCount: !Ref Count",
        "InitialInstanceCount: 1, VolumeSizeInGB: 10, ManagedInstanceScaling: {MinInstanceCount: 0, MaxInstanceCount: 2}",
    )
    cost = bill(managed)
    assert cost.least == 0
    assert cost.most == pytest.approx(2 * (PRICE * HOURS + 10 * 0.14))
    (saving,) = savings(cost)
    assert saving.kept
    assert saving.saved == pytest.approx((PRICE * HOURS + 10 * 0.14) * (1 - 4 / 24))
    off = bill(managed.replace("{MinInstanceCount", "{Status: DISABLED, MinInstanceCount"))
    assert off.least == off.most == off.monthly


SWITCHED = f"""
Endpoint: {{Type: AWS::SageMaker::Endpoint, Condition: Here, Properties: {{EndpointConfigName: !GetAtt Config.EndpointConfigName}}}}
{CONFIG}
K: {{Type: AWS::KMS::Key}}
"""


def test_an_endpoint_that_is_switched_off_costs_nothing_but_what_stands_beside_it() -> None:
    template = "Conditions: {Here: !Equals [!Ref AWS::Region, eu-west-1]}\nResources:\n" + "\n".join(
        f"  {line}" for line in SWITCHED.splitlines()
    )
    data = load_template(f"Parameters:\n  Count: {{Type: Number, Default: 2}}\n{template}\n")
    off, on = (costs(world_of(data, region, {}), Prices(CATALOGUE)) for region in ("us-east-1", "eu-west-1"))
    assert off.off
    assert off.monthly == pytest.approx(1)
    assert off.most == pytest.approx(1)
    assert "switched off" in [line.note for line in off.lines]
    assert savings(off) == ()
    assert "while the endpoint is switched off" in words(off)
    assert on.monthly == pytest.approx(1 + 2 * PRICE * HOURS)


@pytest.mark.parametrize(
    ("policy", "monthly"),
    [
        (
            "{PredefinedMetricSpecification: {PredefinedMetricType: SageMakerVariantInvocationsPerInstance}}",
            0.2,
        ),
        ("{CustomizedMetricSpecification: {MetricName: ApproximateBacklogSizePerInstance}}", 0.2),
        (
            "{PredefinedMetricSpecification: {PredefinedMetricType: SageMakerVariantConcurrentRequestsPerModelHighResolution}}",
            0.6,
        ),
    ],
)
def test_target_tracking_brings_two_alarms(policy: str, monthly: float) -> None:
    kind = "AWS::ApplicationAutoScaling::ScalingPolicy"
    cost = bill(f"P: {{Type: {kind}, Properties: {{TargetTrackingScalingPolicyConfiguration: {policy}}}}}")
    assert cost.monthly == pytest.approx(monthly)
    assert bill(f"P: {{Type: {kind}, Properties: {{StepScalingPolicyConfiguration: {{}}}}}}").lines == ()


def test_functions_that_callers_reach_are_paid_by_use() -> None:
    lines = bill(
        """
Front: {Type: AWS::Lambda::Function, Properties: {MemorySize: 512, Architectures: [arm64]}}
Own: {Type: AWS::Lambda::Function, Properties: {MemorySize: 512}}
May: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Front}}
Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Front.Arn}}
"""
    ).lines
    assert [(line.resource, line.rate, line.unit) for line in lines] == [("Front", 0.0000133334, "GB-second")]


def test_managed_scaling_counts_its_least_and_its_most() -> None:
    managed = CONFIG.replace(
        "InitialInstanceCount: !Ref Count",
        "InitialInstanceCount: 1, ManagedInstanceScaling: {MinInstanceCount: 3, MaxInstanceCount: 4}",
    )
    cost = bill(managed)
    assert cost.hourly == pytest.approx(3 * PRICE)
    assert cost.least == pytest.approx(3 * PRICE * HOURS)
    assert cost.most == pytest.approx(4 * PRICE * HOURS)


POOLS = CONFIG.replace(
    "InstanceType: ml.g6.2xlarge",
    "InstancePools: [{InstanceType: ml.g5.2xlarge, Priority: 2}, {InstanceType: ml.g6.2xlarge, Priority: 1}]",
)


def test_a_pool_costs_what_comes_first_and_between_the_cheapest_and_the_dearest() -> None:
    cost = bill(POOLS)
    assert cost.lines[0].what == "2 × ml.g6.2xlarge"
    assert cost.lines[0].note == "or ml.g5.2xlarge"
    assert cost.hourly == pytest.approx(2 * PRICE)
    assert cost.least == pytest.approx(2 * PRICE * HOURS)
    assert cost.most == pytest.approx(2 * 1.515 * HOURS)


def test_storage_of_the_instances() -> None:
    cost = bill(
        CONFIG.replace("InitialInstanceCount: !Ref Count", "InitialInstanceCount: 2, VolumeSizeInGB: 30")
    )
    line = next(line for line in cost.lines if "storage" in line.what)
    assert line.hourly == pytest.approx(2 * 30 * 0.14 / HOURS)


def test_serverless_is_by_use() -> None:
    cost = bill(
        "C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: "
        "[{VariantName: A, ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5}}]}}"
    )
    assert cost.hourly == 0
    line = next(line for line in cost.lines if line.what == "serverless inference")
    # 3 GB were 0.00006 USD a second in the Pricing API of September 2026
    assert line.rate == pytest.approx(0.00004)
    assert line.unit == "second"
    assert savings(cost) == ()
    assert words(cost) == "by use alone"


def test_savings_leave_the_rest_of_the_bill() -> None:
    cost = bill(f"{CONFIG}\nIp: {{Type: AWS::EC2::EIP}}")
    for one in savings(cost):
        assert one.saved == pytest.approx(one.share * cost.monthly)
        assert one.monthly == pytest.approx(cost.monthly - one.saved)
        assert 0 < one.monthly < cost.monthly
    hours, idle = savings(cost)
    assert hours.saved == pytest.approx(2 * PRICE * HOURS * (1 - 50 / 168))
    assert idle.saved == pytest.approx(2 * PRICE * HOURS * (1 - 4 / 24))


@given(st.integers(1, 100), st.integers(1, 100))
def test_more_instances_never_cost_less(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bill(CONFIG, Count=str(low)).hourly <= bill(CONFIG, Count=str(high)).hourly


def test_serverless_capacity_that_is_kept_ready_stands() -> None:
    cost = bill(
        "C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: [{VariantName: A, "
        "ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5, ProvisionedConcurrency: 2}}]}}"
    )
    assert not cost.complete
    line = next(line for line in cost.lines if not line.known)
    assert line.what == "2 requests at a time kept ready at 2 GB"
    assert "no price is known" in line.note
    assert [one.rate for one in cost.lines if one.what == "requests on what is kept ready"] == [None]


def test_live_prices_of_serverless_capacity() -> None:
    rates = {"serverless-2gb": 0.00005, "ready-2gb": 0.00002, "ready-use-2gb": 0.00003}
    cost = bill(
        "C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: [{VariantName: A, "
        "ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5, ProvisionedConcurrency: 2}}]}}",
        live=LivePrices("us-east-1", "AWS Pricing API", rates=rates),
    )
    assert cost.complete
    assert cost.basis == "live prices of us-east-1"
    assert cost.monthly == pytest.approx(2 * 0.00002 * 3600 * HOURS)
    assert {line.rate for line in cost.lines if line.live} == set(rates.values())


@pytest.mark.parametrize("name", [path.stem for path in SPECS if "serverless" not in path.stem])
def test_every_example_has_a_complete_bill(name: str, plan_of: Planner) -> None:
    (cost,) = plan_of(name).costs
    assert cost.complete
    assert cost.hourly > 0.2
    resources: Any = {row.name for row in plan_of(name).resources}
    assert {line.resource for line in cost.lines} <= resources
    hourly = [line.hourly for line in cost.lines if line.hourly is not None]
    assert hourly == sorted(hourly, reverse=True)
