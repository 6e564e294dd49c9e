"""Decisions of resolve: regions, choices, storage, timeouts; and every refusal, at its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.catalogue import load
from cfgen.resolve import ResolveError
from cfgen.resolve.instances import MAX_CHOICES
from cfgen.resolve.stack import InstancesPlan, Stack
from tests.specs import CONTAINER, PACKAGE, changed, stack_of

CATALOGUE = load()
GPU_TYPES = sorted(n for n, i in CATALOGUE.instances.items() if i.processor == "gpu" and i.regions)


def instances(stack: Stack) -> InstancesPlan:
    """The instances of the first variant."""
    plan = stack.endpoint.variant.instances
    assert plan is not None
    return plan


def test_regions_are_those_of_image_type_and_resource_types() -> None:
    stack = stack_of(CONTAINER)
    image = CATALOGUE.image("vllm", "0.30.0", "gpu")
    types = {choice.name: set(choice.regions) for choice in instances(stack).choices}
    able = {r for r in image.regions if CATALOGUE.region(r).sagemaker or CATALOGUE.region(r).unsure}
    assert set(stack.regions) == able & set().union(*types.values())
    assert set(stack.home_regions) == able & CATALOGUE.instance("ml.g5.2xlarge").regions
    assert stack.model.image is not None
    assert {region for region, _ in stack.model.image.accounts} == set(stack.regions)


def test_spec_narrows_the_regions() -> None:
    assert stack_of(changed(CONTAINER, regions=["us-east-1", "eu-west-1"])).regions == (
        "eu-west-1",
        "us-east-1",
    )


def test_packages_limit_the_regions_and_isolate() -> None:
    stack = stack_of(PACKAGE)
    assert stack.regions == ("eu-west-1", "us-east-1")
    assert stack.model.network_isolation
    assert stack.model.environment == ()
    assert [choice.name for choice in instances(stack).choices] == ["ml.g5.2xlarge"]


@given(st.sampled_from(GPU_TYPES))
def test_choices_run_the_same_template(name: str) -> None:
    default = CATALOGUE.instance(name)
    try:
        stack = stack_of(changed(CONTAINER, endpoint__instanceType=name))
    except ResolveError as error:
        assert "is hosted in none" in str(error)
        return
    names = [choice.name for choice in instances(stack).choices]
    assert name in names
    assert len(names) <= MAX_CHOICES
    for other in map(CATALOGUE.instance, names):
        assert other.accelerators == default.accelerators
        assert other.accelerator_memory_gib >= default.accelerator_memory_gib
        assert other.memory_gib >= default.memory_gib
    for choice in instances(stack).choices:
        assert set(choice.regions) <= set(stack.regions)
        assert choice.regions


@given(st.sampled_from(GPU_TYPES))
def test_every_type_of_every_region_that_is_not_everywhere_has_its_rule(name: str) -> None:
    try:
        stack = stack_of(changed(CONTAINER, endpoint__instanceType=name))
    except ResolveError:
        return
    everywhere = set(stack.regions)
    ruled = {
        t: set(g.regions) if g.hosted else everywhere - set(g.regions)
        for g in instances(stack).region_groups
        for t in g.types
    }
    for choice in instances(stack).choices:
        assert ruled.get(choice.name, everywhere) == set(choice.regions)


@pytest.mark.parametrize(
    ("container", "instance", "ami"),
    [
        ("vllm:0.30.0", "ml.g5.2xlarge", "al2023-ami-sagemaker-inference-gpu-4-1"),
        ("tgi:3.3.6", "ml.g5.2xlarge", "al2-ami-sagemaker-inference-gpu-3-1"),
        ("vllm-server", "ml.g6.2xlarge", "al2023-ami-sagemaker-inference-gpu-4-1"),
        ("vllm:0.30.0", "ml.g7e.2xlarge", None),
        ("tei", "ml.c6i.2xlarge", None),
    ],
)
def test_inference_ami_follows_the_images_cuda(container: str, instance: str, ami: str | None) -> None:
    spec = changed(CONTAINER, model__container=container, endpoint__instanceType=instance)
    assert instances(stack_of(spec)).inference_ami_version == ami


def test_own_image_lies_in_the_region_of_its_uri() -> None:
    uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/llm-server:1.2-cu124"
    stack = stack_of(changed(CONTAINER, model__container=uri, model__modelId=..., model__revision=...))
    assert stack.regions == ("eu-west-1",)
    assert stack.model.image is not None
    assert (stack.model.image.repository, stack.model.image.reference) == ("team/llm-server", ":1.2-cu124")
    assert instances(stack).inference_ami_version == "al2-ami-sagemaker-inference-gpu-3-1"


def test_a_token_for_a_gated_model_is_accepted_knowingly_and_warned_of() -> None:
    stack = stack_of(
        changed(
            CONTAINER,
            model__modelId="meta-llama/Llama-3.1-8B-Instruct",
            model__tokenSecret="hub::token",
            model__allowTokenInEnvironment=True,
        )
    )
    assert stack.model.token is not None
    assert (stack.model.token.variable, stack.model.token.secret, stack.model.token.key) == (
        "HF_TOKEN",
        "hub",
        "token",
    )
    assert any("DescribeModel" in warning for warning in stack.warnings)


def test_a_spec_with_the_least_warns_that_the_model_is_not_pinned() -> None:
    stack = stack_of(changed(CONTAINER, model__revision=...))
    assert [w for w in stack.warnings if "is not pinned" in w]


GROUPS = ["sg-0123456789abcdef0"]
URI = "111122223333.dkr.ecr.us-east-1.amazonaws.com/a:1"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# (what, changes, the path of the problem, words of the message)
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("unknown family", {"model__container": "vlm"}, "model.container", "vllm"),
    ("unknown version", {"model__container": "vllm:0.1"}, "model.container", "0.30.0"),
    ("no image for the processor", {"endpoint__instanceType": "ml.m5.xlarge"}, "model.container", "cpu"),
    ("unknown type", {"endpoint__instanceType": "ml.g5.3xlarge"}, "endpoint.instanceType", "ml.g5."),
    ("priced nowhere", {"endpoint__instanceType": "ml.p3.2xlarge"}, "endpoint.instanceType", "ml.p3.2xlarge"),
    ("sizing", {"endpoint__instanceType": "auto"}, "endpoint.instanceType", "no facts about"),
    ("no common region", {"regions": ["af-south-1"]}, "endpoint.instanceType", "hosted in none"),
    ("region without image", {"model__container": "huggingface-vllm-neuronx", "endpoint__instanceType": "ml.inf2.xlarge",
                              "regions": ["af-south-1"]}, "regions[0]", "cannot be served in af-south-1"),
    ("unknown region", {"regions": ["us-middle-1"]}, "regions[0]", "not a region known"),
    ("image elsewhere", {"model__container": "docker.io/vllm/vllm:latest"}, "model.container", "Amazon ECR only"),
    ("image outside regions", {"model__container": URI, "regions": ["eu-west-1"]}, "regions", "where the image lies"),
    ("staging nothing", {"model__staging": "s3", "model__modelId": ...}, "model.staging", "nothing to copy"),
    ("build of nothing", {"build": {"timeout": 60}}, "build", "nothing is built"),
    ("staged twice", {"model__staging": "s3", "model__modelId": ..., "model__modelData": "s3://bucket/a/"}, "model.staging", "in S3 already"),
    ("secret in the smoke test", {"smokeTest": {"body": {"a": "{{resolve:ssm:x}}"}}}, "smokeTest.body", "refused here"),
    ("two sources", {"model__modelData": "s3://bucket/a/"}, "model.modelData", "beside modelId"),
    ("no source", {"model__modelId": ...}, "model", "says not what"),
    ("data of no kind", {"model__modelId": ..., "model__modelData": "s3://bucket/a.zip"}, "model.modelData", ".tar.gz"),
    ("no hub loader", {"model__container": "triton"}, "model.modelId", "does not load models from the hub"),
    ("gated without token", {"model__modelId": "meta-llama/Llama-3.1-8B-Instruct"}, "model.modelId", "is gated"),
    ("said to be gated", {"model__gated": True}, "model.modelId", "is gated"),
    ("token in the open", {"model__tokenSecret": "x"}, "model.tokenSecret", "anyone who may"),
    ("token twice", {"model__tokenSecret": "x", "model__allowTokenInEnvironment": True, "model__env": {"HF_TOKEN": "y"}},
     "model.env.HF_TOKEN", "beside tokenSecret"),
    ("token for data in S3", {"model__modelId": ..., "model__modelData": "s3://bucket/a/", "model__tokenSecret": "x"},
     "model.tokenSecret", "of no use"),
    (
        "token by key for a build",
        {"model__staging": "s3", "model__tokenSecret": "hub::token"},
        "model.tokenSecret",
        "not one by key",
    ),
    ("token as it is", {"model__env": {"HF_TOKEN": "hf_abcdefghijklmnop"}}, "model.env.HF_TOKEN", "looks like a secret"),
    ("value of many bytes", {"model__env": {"A": "ä" * 600}}, "model.env.A", "1,200 bytes"),
    ("environment too large", {"model__env": {f"A{n}": "x" * 1000 for n in range(40)}}, "model.env", "in all"),
    ("too many entries", {"model__env": {f"A{n}": "x" for n in range(99)}}, "model.env", "entries"),
    ("isolated from the hub", {"security__networkIsolation": True}, "security.networkIsolation", "cannot fetch"),
    ("size of local storage", {"endpoint__volumeSize": 100}, "endpoint.volumeSize", "takes no size"),
    ("key for local storage", {"security__volumeKmsKey": KEY}, "security.volumeKmsKey", "does not encrypt"),
    ("retention", {"logs__retentionDays": 31}, "logs.retentionDays", "such as 30"),
    ("network address", {"vpc": {"mode": "create", "cidr": "10.0.0.1/20"}}, "vpc.cidr", "10.0.0.0/20"),
    ("no network address", {"vpc": {"mode": "create", "cidr": "999.0.0.0/20"}}, "vpc.cidr", "not a network address"),
    ("allowed type of another kind", {"endpoint__allowedInstanceTypes": ["ml.m5.xlarge"]},
     "endpoint.allowedInstanceTypes", "cannot run the image"),
    ("allowed type unknown", {"endpoint__allowedInstanceTypes": ["ml.zz.xlarge"]}, "endpoint.allowedInstanceTypes[0]", ""),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_aws_would_refuse_is_refused_here(changes: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(changed(CONTAINER, **changes))
    found = [p for p in caught.value.problems if p.path == path and words in f"{p.message} {p.fix}"]
    assert found, str(caught.value)
    assert found[0].line > 0


PACKAGES_REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("ARN of another region", {"model__packages": {"us-east-1": {"arn": "arn:aws:sagemaker:us-west-2:111122223333:model-package/a"}}},
     "model.packages.us-east-1.arn", "lies in us-west-2"),
    ("ARN of another partition", {"model__packages": {"cn-north-1": {"arn": "arn:aws:sagemaker:cn-north-1:111122223333:model-package/a"}}},
     "model.packages.cn-north-1.arn", "arn:aws-cn"),
    ("unknown region", {"model__packages": {"us-middle-1": {"arn": "arn:aws:sagemaker:us-middle-1:111122223333:model-package/a"}}},
     "model.packages.us-middle-1", "not a region known"),
    ("not isolated", {"security__networkIsolation": False}, "security.networkIsolation", "runs isolated"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "path", "words"), [r[1:] for r in PACKAGES_REFUSED], ids=[r[0] for r in PACKAGES_REFUSED]
)
def test_packages_that_aws_would_refuse(changes: dict[str, Any], path: str, words: str) -> None:
    data = changed(PACKAGE, **changes)
    if "model__packages" in changes:
        data["model"]["packages"] = changes["model__packages"]
    with pytest.raises(ResolveError) as caught:
        stack_of(data)
    assert [p for p in caught.value.problems if p.path == path and words in f"{p.message} {p.fix}"], str(
        caught.value
    )


def test_all_refusals_come_at_once() -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(
            changed(
                CONTAINER,
                model__task="x",
                build={"timeout": 60},
                logs__retentionDays=31,
                regions=["us-middle-1", "us-east-1"],
            )
        )
    assert {p.path for p in caught.value.problems} >= {"build", "logs.retentionDays", "regions[0]"}


def test_interface_endpoints_keep_to_partitions_whose_service_names_are_known() -> None:
    vpc = {"mode": "create", "interfaceEndpoints": ["sagemaker.runtime"]}
    regions = stack_of(changed(CONTAINER, model__container="tgi:3.3.6", vpc=vpc)).regions
    assert not [region for region in regions if region.startswith("cn-")]


def test_a_created_network_has_nat_only_when_the_hub_must_be_reached() -> None:
    assert stack_of(changed(CONTAINER, vpc={"mode": "create"})).vpc.nat
    staged = changed(CONTAINER, vpc={"mode": "create"}, model__modelId=..., model__revision=...)
    staged["model"]["modelData"] = "s3://bucket/prefix/"
    assert not stack_of(staged).vpc.nat


def test_existing_network_with_groups_of_yours_makes_none() -> None:
    stack = stack_of(changed(CONTAINER, vpc={"mode": "existing", "securityGroupIds": GROUPS}))
    assert not stack.vpc.own_group
    assert "interfaces" not in stack.parts


def test_three_zones_keep_out_of_regions_that_have_two() -> None:
    two, three = (stack_of(changed(CONTAINER, model__container="tgi:3.3.6", endpoint__instanceType="ml.g4dn.2xlarge",
                                   vpc={"mode": "create", "availabilityZones": n})).regions for n in (2, 3))  # fmt: skip
    assert set(two) - set(three) == {"us-west-1"}
