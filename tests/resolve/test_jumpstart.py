"""``model.type: jumpstart``: every model of the list as its template really comes out, and every refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cfgen.catalogue import load as load_catalogue
from cfgen.catalogue.jumpstart import Release, load
from cfgen.document import load as load_template
from cfgen.errors import ProblemsError
from cfgen.lint import fast
from cfgen.lint.worlds import Template, World
from cfgen.plan.steps import steps
from cfgen.render import render
from cfgen.resolve import ResolveError, resolve
from cfgen.resolve.jumpstart_sizes import parameters
from cfgen.resolve.stack import InstancesPlan, Stack
from tests.specs import changed, spec_of, stack_of

CATALOGUE = load_catalogue()
MODELS = load()
LLAMA = "meta-textgeneration-llama-3-1-8b-instruct"
ZERO_SHOT = "huggingface-zstc-facebook-bart-large-mnli"
BASE: dict[str, Any] = {
    "name": "example",
    "model": {"type": "jumpstart", "modelId": LLAMA, "version": "2.2.4", "acceptEula": True},
    "endpoint": {"instanceType": "auto"},
}
NO_VALUE = object()


def of(model_id: str, **changes: Any) -> dict[str, Any]:
    """A spec of one model, its newest version."""
    return changed(BASE, model__modelId=model_id, model__version=..., **changes)


def instances(stack: Stack) -> InstancesPlan:
    """The instances of the first variant."""
    plan = stack.endpoint.variant.instances
    assert plan is not None
    return plan


def evaluated(node: Any, template: Mapping[str, Any], values: Mapping[str, str]) -> Any:
    """What CloudFormation makes of the functions that a Model's container uses, written anew for these tests."""

    def go(node: Any) -> Any:
        if isinstance(node, list):
            return [go(one) for one in node]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return NO_VALUE if argument == "AWS::NoValue" else values[argument]
            if name == "Fn::FindInMap":
                top, row, column = (go(one) for one in argument)
                return template["Mappings"][top][row][column]
            if name == "Fn::Equals":
                return go(argument[0]) == go(argument[1])
            if name == "Fn::Not":
                return not go(argument[0])
            if name == "Fn::If":
                return go(argument[1] if go(template["Conditions"][argument[0]]) else argument[2])
            if name == "Fn::Sub":
                text, own = argument if isinstance(argument, list) else (argument, {})
                known = {**values, **{key: go(value) for key, value in own.items()}}
                return re.sub(r"\$\{([^}]+)\}", lambda found: str(known[found[1]]), text)
        made = {key: go(value) for key, value in node.items()}
        return {key: value for key, value in made.items() if value is not NO_VALUE}

    return go(node)


def container(template: Mapping[str, Any], region: str, instance_type: str) -> dict[str, Any]:
    """The container as a launch in ``region`` on ``instance_type`` makes it."""
    place = CATALOGUE.region(region)
    values = {
        "AWS::Region": region,
        "AWS::Partition": place.partition,
        "AWS::URLSuffix": place.url_suffix,
        "InstanceType": instance_type,
        "AcceptEula": "true",
    }
    found: dict[str, Any] = evaluated(
        template["Resources"]["Model"]["Properties"]["PrimaryContainer"], template, values
    )
    return found


def launches(stack: Stack, release: Release) -> Iterator[tuple[str, str]]:
    """Every type in three regions, and the first in all: (region, instance type)."""
    choices = instances(stack).choices
    for choice in choices:
        some = choice.regions if choice is choices[0] else choice.regions[:: max(1, len(choice.regions) // 3)]
        for region in some:
            assert region in MODELS.regions
            assert region in CATALOGUE.instance(choice.name).regions
            assert choice.name in release.instance_types
            yield region, choice.name


def check_launch(template: Mapping[str, Any], release: Release, region: str, kind: str) -> None:
    """Image, environment and files are what the list says for this region and type."""
    made = container(template, region, kind)
    image = release.image(kind)
    assert image is not None
    account, name = image.in_region[region]
    assert made["Image"] == f"{account}.dkr.ecr.{region}.{CATALOGUE.region(region).url_suffix}/{name}"
    assert made["Environment"] == release.environment_on(kind)
    source = made["ModelDataSource"]["S3DataSource"]
    bucket = "jumpstart-private-cache-prod" if release.gated else "jumpstart-cache-prod"
    assert source["S3Uri"] == f"s3://{bucket}-{region}/{release.key}"
    whole = ("S3Object", "Gzip") if release.key.endswith(".tar.gz") else ("S3Prefix", "None")
    assert (source["S3DataType"], source["CompressionType"]) == whole
    assert source.get("ModelAccessConfig") == ({"AcceptEula": "true"} if release.gated else None)


def test_every_model_renders_for_every_region_and_type() -> None:
    """All of the list, as their templates come out; the fast validator looks at some (``make test-models`` lints all)."""
    for number, model_id in enumerate(MODELS.ids):
        stack = stack_of(of(model_id))
        release = MODELS.release(model_id)
        template = load_template(text := render(stack).text)
        for region, kind in launches(stack, release):
            check_launch(template, release, region, kind)
        if number % 9 == 0:
            assert [found for found in fast.check(text, model_id) if found.severity != "info"] == []
        assert ("AcceptEula" in template["Parameters"]) == bool(release.eula)
        assert template["Resources"]["Model"]["Properties"]["EnableNetworkIsolation"] is True


def test_every_region_of_a_model_is_in_its_template() -> None:
    """Where JumpStart is, an image of the model is, and a listed instance type is hosted."""
    for model_id in MODELS.ids:
        release = MODELS.release(model_id)
        able = {
            region
            for kind in release.instance_types
            if kind in CATALOGUE.instances and (image := release.image(kind))
            for region in CATALOGUE.instance(kind).regions & image.in_region.keys() & MODELS.regions
            if CATALOGUE.region(region).sagemaker or CATALOGUE.region(region).unsure
        }
        assert set(stack_of(of(model_id)).regions) == able, model_id


def test_a_retired_default_type_is_replaced_and_told() -> None:
    stack = stack_of(of(ZERO_SHOT))
    assert instances(stack).type == "ml.g4dn.xlarge"
    told = (
        "ml.p3.2xlarge, AWS's default for huggingface-zstc-facebook-bart-large-mnli, is hosted in no region"
    )
    assert any(told in warning for warning in stack.warnings)


def test_the_newest_version_is_named_when_it_cannot_be_served() -> None:
    told = "2.2.4 is taken, the newest with an image (2.6.0 lists none)"
    assert any(told in warning for warning in stack_of(of(LLAMA)).warnings)
    assert not any("version" in warning for warning in stack_of(BASE).warnings)


def test_a_version_by_its_beginning() -> None:
    stack = stack_of(changed(BASE, model__version="1"))
    assert stack.model.jumpstart is not None
    assert stack.model.jumpstart.version == "1.0.0"


def test_the_image_follows_the_instance_type() -> None:
    """CPUs and GPUs in one template: their images differ in the tag alone."""
    template = load_template(render(stack_of(of(ZERO_SHOT))).text)
    assert "-gpu-" in container(template, "us-east-1", "ml.g4dn.xlarge")["Image"]
    assert "-cpu-" in container(template, "us-east-1", "ml.m5.large")["Image"]
    variant = template["Resources"]["EndpointConfig"]["Properties"]["ProductionVariants"][0]
    assert "InferenceAmiVersion" not in variant  # there is none for CPUs


def test_the_image_follows_the_region() -> None:
    """The newest image is not in every region; the others have an older one."""
    template = load_template(render(stack_of(of("huggingface-llm-mistral-7b-instruct"))).text)
    tags = {row["Tag"] for row in template["Mappings"]["ImageRegistry"].values()}
    assert len(tags) == 2


def test_a_variable_of_some_types_alone_is_left_out_on_the_others() -> None:
    model_id = "huggingface-llm-amazon-mistrallite"
    template = load_template(render(stack_of(of(model_id))).text)
    rows = template["Mappings"]["InstanceVariants"]
    assert rows["ml.g5.2xlarge"]["SmNumGpus"] == "-"
    assert "SM_NUM_GPUS" not in container(template, "us-east-1", "ml.g5.2xlarge")["Environment"]
    assert container(template, "us-east-1", "ml.g5.48xlarge")["Environment"]["SM_NUM_GPUS"] == "8"


def test_the_specs_own_environment_goes_over_all() -> None:
    stack = stack_of(of("huggingface-llm-amazon-mistrallite", model__env={"SM_NUM_GPUS": "2", "X": "y"}))
    template = load_template(render(stack).text)
    for kind in ("ml.g5.2xlarge", "ml.g5.48xlarge"):
        environment = container(template, "us-east-1", kind)["Environment"]
        assert (environment["SM_NUM_GPUS"], environment["X"]) == ("2", "y")


def test_two_variants_of_one_model() -> None:
    """Each follows its own instance type; files and licence are named once."""
    variants = [
        {"name": "current", "weight": 9},
        {"name": "challenger", "instanceType": "ml.p4d.24xlarge"},
    ]
    model_id = "meta-textgeneration-llama-3-8b"
    data = of(model_id, variants=variants, endpoint__instanceType="ml.g5.12xlarge")
    template = load_template(render(stack_of(data)).text)
    assert [name for name in template["Parameters"] if name.endswith("AcceptEula")] == ["AcceptEula"]
    assert [name for name in template["Rules"] if name.endswith("EulaIsAccepted")] == ["EulaIsAccepted"]
    role = template["Resources"]["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [one["Sid"] for one in role if "JumpStart" in one["Sid"]] == [
        "JumpStartFiles",
        "JumpStartFileList",
    ]
    models = [one for one in template["Resources"].values() if one["Type"] == "AWS::SageMaker::Model"]
    for model in models:
        source = model["Properties"]["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
        assert source["ModelAccessConfig"] == {"AcceptEula": {"Ref": "AcceptEula"}}
    data = of(
        "huggingface-llm-amazon-mistrallite",
        variants=[variants[0], {"name": "challenger", "instanceType": "ml.g5.48xlarge"}],
        endpoint__instanceType="ml.g5.2xlarge",
    )
    template = load_template(render(stack_of(data)).text)
    assert {"InstanceVariants", "ChallengerInstanceVariants"} <= template["Mappings"].keys()
    second = template["Resources"]["ChallengerModel"]["Properties"]["PrimaryContainer"]["Environment"]
    values = {"InstanceType": "ml.g5.2xlarge", "ChallengerInstanceType": "ml.g5.48xlarge"}
    assert evaluated(second, template, values)["SM_NUM_GPUS"] == "8"


def test_one_type_needs_no_mapping() -> None:
    stack = stack_of(
        changed(BASE, endpoint={"instanceType": "ml.g5.12xlarge", "allowedInstanceTypes": ["ml.g5.12xlarge"]})
    )
    assert [choice.name for choice in instances(stack).choices] == ["ml.g5.12xlarge"]
    assert stack.model.jumpstart is not None
    assert stack.model.jumpstart.types == ()


def test_a_type_that_aws_does_not_list() -> None:
    """It may work: the family has an image."""
    stack = stack_of(changed(BASE, endpoint__instanceType="ml.g6e.2xlarge"))
    assert instances(stack).type == "ml.g6e.2xlarge"
    assert any("AWS does not list ml.g6e.2xlarge" in warning for warning in stack.warnings)


def test_a_neuron_model() -> None:
    stack = stack_of(of("huggingface-txt2imgneuron-stabilityai-stable-diffusion-v2-1"))
    assert instances(stack).type.startswith("ml.inf2.")
    assert stack.model.image is not None
    assert stack.model.image.repository == "huggingface-pytorch-inference-neuronx"


def test_a_licence_without_a_gate() -> None:
    """It is accepted at launch all the same; the files are in the public bucket."""
    template = load_template(render(stack_of(of("huggingface-llm-elyza-japanese-llama-2-13b-chat"))).text)
    assert template["Parameters"]["AcceptEula"]["AllowedValues"] == ["true", "false"]
    assert template["Rules"]["EulaIsAccepted"]["Assertions"][0]["Assert"] == {
        "Fn::Equals": [{"Ref": "AcceptEula"}, "true"]
    }


def test_the_role_reads_just_these_files() -> None:
    template = load_template(render(stack_of(BASE)).text)
    role = template["Resources"]["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    files, listing = (
        next(one for one in role if one["Sid"] == sid) for sid in ("JumpStartFiles", "JumpStartFileList")
    )
    key = MODELS.release(LLAMA).key
    assert files["Resource"] == {
        "Fn::Sub": f"arn:${{AWS::Partition}}:s3:::jumpstart-private-cache-prod-${{AWS::Region}}/{key}*"
    }
    assert listing["Condition"] == {"StringLike": {"s3:prefix": f"{key}*"}}


def test_isolation_is_the_specs_to_switch_off() -> None:
    assert stack_of(BASE).model.network_isolation
    assert not stack_of(changed(BASE, security__networkIsolation=False)).model.network_isolation


def test_a_created_network_needs_no_way_out() -> None:
    """S3's gateway endpoint has no policy of its own: JumpStart's buckets are reached through it."""
    template = load_template(render(stack_of(changed(BASE, vpc={"mode": "create"}))).text)
    assert "NatGateway" not in template["Resources"]
    assert "PolicyDocument" not in template["Resources"]["S3Endpoint"]["Properties"]


def test_text_generation_is_asked_something() -> None:
    smoke = stack_of(BASE).smoke
    assert smoke is not None
    assert "inputs" in smoke.body
    assert stack_of(of(ZERO_SHOT)).smoke is None
    assert stack_of(of("meta-vlm-llama-3-2-11b-vision-instruct")).smoke is None


@pytest.mark.parametrize(
    ("model_id", "billions"),
    [
        (LLAMA, 8.0),
        ("huggingface-llm-qwen2-1-5b-instruct", 1.5),
        ("huggingface-llm-qwen2-5-14b-instruct", 14.0),
        ("huggingface-llm-gemma-2-2b", 2.0),
        ("huggingface-llm-rinna-3-6b-instruction-ppo-bf16", 3.6),
        ("huggingface-llm-tinyllama-tinyllama-1-1b-chat-v1-0", 1.1),
        ("huggingface-llm-mixtral-8x7b-instruct", 56.0),
        ("huggingface-tc-models", None),
    ],
)
def test_sizes_are_told_from_ids(model_id: str, billions: float | None) -> None:
    assert parameters(model_id) == billions


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (
        {"model__acceptEula": ...},
        "model.acceptEula",
        "llama3_1Eula.txt and, if you accept it, write acceptEula: true",
    ),
    ({"model__acceptEula": False}, "model.acceptEula", "only to those who accept its licence"),
    (
        {"model__modelId": "meta-textgeneration-llama-3-8-1b"},
        "model.modelId",
        "did you mean meta-textgeneration-llama",
    ),
    ({"model__version": "7"}, "model.version", "has no version '7'"),
    (
        {"model__version": "2.6.0"},
        "model.version",
        "lists no image to serve it with; 2.2.4 is the newest that does",
    ),
    ({"endpoint__instanceType": "ml.m5.large"}, "endpoint.instanceType", "is not made for cpu instances"),
    ({"endpoint__instanceType": "ml.g7e.2xlarge"}, "endpoint.instanceType", "has no image for g7e instances"),
    ({"endpoint__instanceType": "ml.p3.2xlarge"}, "endpoint.instanceType", "no region has a hosting price"),
    ({"endpoint__instanceType": "ml.g5.tiny"}, "endpoint.instanceType", "no instance type"),
    ({"endpoint__context": 8192}, "endpoint.context", "is of no use"),
    ({"endpoint__concurrency": 8}, "endpoint.concurrency", "is of no use"),
    ({"build": {"timeout": 60}}, "build", "JumpStart's files are in S3 already"),
    (
        {"endpoint__allowedInstanceTypes": ["ml.m5.large"]},
        "endpoint.allowedInstanceTypes[0]",
        "does not run the image",
    ),
    (
        {"endpoint__allowedInstanceTypes": ["ml.g5.tiny"]},
        "endpoint.allowedInstanceTypes[0]",
        "no instance type",
    ),
    ({"regions": ["ap-east-2"]}, "regions[0]", "cannot be served in ap-east-2"),
    ({"model__env": {"A": "x" * 1025}}, "model.env.A", ""),
]


@pytest.mark.parametrize(
    ("changes", "place", "said"), FAULTS, ids=[f"{place} {said[:20]}" for _, place, said in FAULTS]
)
def test_what_cannot_be_served_is_refused_at_its_place(
    changes: dict[str, Any], place: str, said: str
) -> None:
    with pytest.raises(ProblemsError) as caught:
        resolve(spec_of(changed(BASE, **changes)), CATALOGUE)
    lines = str(caught.value).splitlines()
    assert any(f" {place}: " in line and said in line for line in lines), lines


def test_a_version_that_is_a_model_package_says_which() -> None:
    model_id = "meta-textgeneration-llama-2-7b-f"
    version = next(one.version for one in MODELS.releases(model_id) if one.packages)
    with pytest.raises(ResolveError, match=r"is a model package.*type: model-package.*arn:aws:sagemaker:"):
        stack_of(changed(BASE, model__modelId=model_id, model__version=version))


def test_graviton_is_refused() -> None:
    """AWS lists its families, with images that are built for x86_64."""
    with pytest.raises(ResolveError, match="has no image for c8g instances"):
        stack_of(of(ZERO_SHOT, endpoint__instanceType="ml.c8g.xlarge"))


def test_an_image_for_all_families_does_not_make_a_model_for_them() -> None:
    """The list names one CUDA image for CPUs and Inferentia too."""
    model_id = "huggingface-llm-mistral-7b-instruct"
    assert MODELS.release(model_id).image("ml.inf2.xlarge") is not None
    with pytest.raises(ResolveError, match="is not made for neuron instances"):
        stack_of(of(model_id, endpoint__instanceType="ml.inf2.xlarge"))


def test_a_licence_that_nobody_asks_for() -> None:
    assert any("has no licence to accept" in warning for warning in stack_of(of(ZERO_SHOT)).warnings)


@pytest.mark.parametrize(("accepted", "status"), [("true", "todo"), ("false", "failed")])
def test_the_plan_names_the_licence(accepted: str, status: str) -> None:
    """With where it is to be read; a launch that refuses it is known to fail."""
    template = Template(load_template(render(stack_of(BASE)).text), ["us-east-1"])
    world = World(template, "us-east-1", {**template.defaults, "AcceptEula": accepted})
    (check,) = (one for one in steps(None, world) if one.kind == "eula")
    assert check.status == status
    assert check.link == MODELS.release(LLAMA).eula_url
