"""Inference components: what each serves on its share of an instance, how many instances, what does not go together."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.catalogue import load as load_catalogue
from cfgen.document import load
from cfgen.resolve.components import Need, instances_for
from cfgen.resolve.errors import ResolveError
from cfgen.spec.errors import SpecError
from tests.specs import CONTAINER, PACKAGE, changed, stack_of, template_of

FOUR = "ml.g5.12xlarge"
OTHER = {"modelId": "Qwen/Qwen2.5-7B-Instruct", "revision": "a09a35458c702b33eeacc393d103063234e8bc28"}
TEI = {
    "type": "container",
    "container": "tei:1.8.2",
    "modelId": "BAAI/bge-small-en-v1.5",
    "revision": "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
}
TUNED = {"name": "tuned", "base": "chat", "adapter": "s3://my-adapters/tuned.tar.gz"}
ZERO = {"min": 0, "max": 2}


def components(*listed: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A spec of components on an instance with four GPUs."""
    return changed(CONTAINER, **{"endpoint__instanceType": FOUR, "components": list(listed), **changes})


def resources(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = load(template_of(data).text)["Resources"]
    return found


def test_each_serves_on_its_share_of_the_instance() -> None:
    stack = stack_of(components({"name": "chat", "accelerators": 2}, {"name": "code", "model": OTHER}))
    assert [dict(model.environment).get("SM_VLLM_TENSOR_PARALLEL_SIZE") for model in stack.models] == [
        "2",
        None,
    ]
    assert [model.id for model in stack.models] == ["ChatModel", "CodeModel"]
    assert stack.components is not None
    assert [(one.id, one.model, one.accelerators) for one in stack.components.components] == [
        ("ChatComponent", "ChatModel", 2),
        ("CodeComponent", "CodeModel", 1),
    ]


def test_the_variant_has_no_model_and_the_configuration_a_role() -> None:
    made = resources(components({"name": "chat"}))
    config = made["EndpointConfig"]["Properties"]
    (variant,) = config["ProductionVariants"]
    assert "ExecutionRoleArn" in config
    assert not {"ModelName", "InitialVariantWeight", "ManagedInstanceScaling"} & variant.keys()
    needs = made["ChatComponent"]["Properties"]["Specification"]
    assert needs["ComputeResourceRequirements"] == {
        "NumberOfAcceleratorDevicesRequired": 1,
        "MinMemoryRequiredInMb": 1024,
    }
    assert needs["StartupParameters"] == {"ContainerStartupHealthCheckTimeoutInSeconds": 900}


def test_a_network_and_isolation_are_of_the_configuration_too() -> None:
    data = components({"name": "chat"}, vpc={"mode": "create"}, model__staging="s3")
    config = resources(changed(data, security={"networkIsolation": True}))["EndpointConfig"]["Properties"]
    assert config["EnableNetworkIsolation"] is True
    assert config["VpcConfig"]["SecurityGroupIds"] == [{"Ref": "SecurityGroup"}]


def test_a_model_of_its_own_owes_the_root_nothing() -> None:
    stack = stack_of(
        components({"name": "chat"}, {"name": "find", "model": TEI, "smokeTest": {"body": "{}"}})
    )
    assert [image.repository for image in stack.images] == ["vllm", "tei"]
    chat, find = stack.smokes
    assert (chat.component, find.component, find.body) == ("ChatComponent", "FindComponent", "{}")


def test_a_component_without_accelerators_gets_an_image_for_cpus() -> None:
    stack = stack_of(
        components({"name": "chat"}, {"name": "find", "accelerators": 0, "cpus": 2, "model": TEI})
    )
    assert stack.models[1].image is not None
    assert stack.models[1].image.repository == "tei-cpu"


def test_the_driver_is_that_of_the_newest_cuda() -> None:
    old = {"container": "djl-lmi:0.32.0"}
    stack = stack_of(components({"name": "old", "model": old}, {"name": "new"}))
    fleet = stack.endpoint.fleets[0]
    assert fleet.inference_ami_version == "al2023-ami-sagemaker-inference-gpu-4-1"
    assert (fleet.type_parameter, fleet.count_parameter) == ("InstanceType", "InstanceCount")


def test_components_that_serve_the_same_share_a_model() -> None:
    stack = stack_of(components({"name": "a"}, {"name": "b", "copies": 2}))
    assert [model.id for model in stack.models] == ["AModel"]


def test_regions_without_the_resource_type_are_left_out() -> None:
    stack = stack_of(components({"name": "chat"}, endpoint__instanceType="ml.g5.2xlarge"))
    assert "eu-west-3" not in stack.regions
    assert "eu-west-1" in stack.regions
    assert dict(stack.elsewhere)["eu-west-3"] == "CloudFormation has no inference components there"


SCALED = [
    ("to zero", [{"name": "a", "scaling": ZERO}], {}, (0, 1, "")),
    ("not all to zero", [{"name": "a", "scaling": ZERO}, {"name": "b"}], {}, (1, 1, "")),
    ("from one", [{"name": "a", "accelerators": 4, "scaling": {"max": 3}}], {}, (1, 3, "")),
    ("two halves", [{"name": "a", "accelerators": 2, "scaling": {"max": 3}}, {"name": "b", "accelerators": 2}], {}, (1, 2, "")),
    ("bounds", [{"name": "a"}], {"max": 2, "scaleIn": "consolidation"}, (1, 2, "CONSOLIDATION")),
    ("fewer than the most", [{"name": "a", "accelerators": 4, "scaling": {"max": 3}}], {"max": 2}, (1, 2, "")),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "asked", "expected"), [s[1:] for s in SCALED], ids=[s[0] for s in SCALED])
def test_instances_follow_the_copies(
    listed: list[dict[str, Any]], asked: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    more = {"endpoint__managedInstanceScaling": asked} if asked else {}
    managed = stack_of(components(*listed, **more)).endpoint.fleets[0].managed
    assert managed is not None
    assert (managed.minimum, managed.maximum, managed.scale_in) == expected


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ([(Need(1, 0, 1024), 4)], 1),
        ([(Need(1, 0, 1024), 5)], 2),
        ([(Need(3, 0, 1024), 2), (Need(1, 0, 1024), 2)], 2),
        ([(Need(0, 30, 1024), 2)], 2),
        ([(Need(0, 1, 100_000), 3)], 3),
    ],
)
def test_copies_are_packed(needs: list[tuple[Need, int]], expected: int) -> None:
    assert instances_for(needs, load_catalogue().instance(FOUR)) == expected


def test_from_zero_a_refused_request_wakes() -> None:
    made = resources(components({"name": "chat", "scaling": ZERO}))
    alarm, policy = made["ChatWakeAlarm"]["Properties"], made["ChatScalingPolicy"]["Properties"]
    assert (alarm["MetricName"], alarm["AlarmActions"]) == (
        "NoCapacityInvocationFailures",
        [{"Ref": "ChatWakePolicy"}],
    )
    metric = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    kind = metric["PredefinedMetricType"]
    assert kind == "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
    assert "ChatWakePolicy" not in resources(components({"name": "chat", "scaling": {"max": 2}}))


def test_an_adapter_lives_on_its_base_which_loads_adapters() -> None:
    stack = stack_of(components({"name": "chat", "model": {"env": {"SM_VLLM_MAX_LORAS": "4"}}}, TUNED))
    environment = dict(stack.model.environment)
    assert environment["SM_VLLM_ENABLE_LORA"] == "true"
    assert environment["SM_VLLM_MAX_LORAS"] == "4"
    assert [smoke.component for smoke in stack.smokes] == ["ChatComponent", "TunedComponent"]
    made = resources(components({"name": "chat"}, TUNED))
    specification = made["TunedComponent"]["Properties"]["Specification"]
    assert specification.keys() == {"BaseInferenceComponentName", "Container"}
    assert "TunedAdapter" in str(made["ExecutionRole"])


REFUSED: list[tuple[str, list[dict[str, Any]], dict[str, Any], str]] = [
    ("variants", [{"name": "a"}], {"variants": [{"name": "x"}, {"name": "y"}]}, "variants: stands beside components"),
    ("asynchronous", [{"name": "a"}], {"async": {}}, "async: stands beside components: an asynchronous request cannot name"),
    ("serverless", [{"name": "a"}], {"serverless": {"memorySizeInMB": 2048}}, "serverless: stands beside components"),
    ("a canary", [{"name": "a"}], {"deployment": {"strategy": "canary"}}, "deployment.strategy: is canary, and components are updated some copies at a time"),
    ("a batch of one", [{"name": "a"}, {"name": "b", "copies": 2}], {"deployment": {"size": "1"}}, "deployment.size: is 1 of 1 copies; at most 50 %"),
    ("scaling of instances", [{"name": "a"}], {"scaling": {"max": 2}}, "scaling: stands beside components: copies"),
    ("pools", [{"name": "a"}], {"endpoint__instancePools": [{"instanceType": FOUR}, {"instanceType": "ml.g6.12xlarge"}]},
     "endpoint.instancePools: stand beside components"),
    ("auto", [{"name": "a"}], {"endpoint__instanceType": "auto"}, "auto cannot stand here"),
    ("multi-model", [{"name": "a"}], {"model__mode": "multi-model"}, "a component serves one model"),
    ("packages", [{"name": "a"}], {"model": PACKAGE["model"]}, "is model-package, which is not served as a component"),
    ("like names", [{"name": "a-b"}, {"name": "ab"}, {"name": "a-b"}], {}, "components[2].name: a-b is too like a-b"),
    ("too many accelerators", [{"name": "a", "accelerators": 8}], {}, "components[0].accelerators: 8 for a copy; ml.g5.12xlarge has 4"),
    ("accelerators of none", [{"name": "a", "accelerators": 1, "model": TEI}], {"endpoint__instanceType": "ml.c6i.2xlarge"}, "has no accelerators"),
    ("too many cores", [{"name": "a", "cpus": 64}], {}, "components[0].cpus: 64 for a copy"),
    ("too much memory", [{"name": "a", "minMemoryInMB": 500_000}], {}, "components[0].minMemoryInMB: 500,000 MB"),
    ("memory in order", [{"name": "a", "minMemoryInMB": 4096, "maxMemoryInMB": 2048}], {}, "components[0].maxMemoryInMB: is less than"),
    ("too many copies", [{"name": "a", "accelerators": 2, "copies": 3}], {}, "endpoint.instanceCount: is 1; the copies of all components need 2"),
    ("bounds of copies", [{"name": "a", "scaling": {"min": 3, "max": 2}}], {}, "components[0].scaling.max: is less than the minimum, 3"),
    ("copies beyond", [{"name": "a", "copies": 3, "scaling": {"max": 2}}], {}, "components[0].copies: is 3, more than scaling.max"),
    ("copies below", [{"name": "a", "copies": 1, "scaling": {"min": 2, "max": 2}}], {}, "components[0].copies: is 1, less than scaling.min"),
    ("backlog", [{"name": "a", "scaling": {"max": 2, "metric": "backlog"}}], {}, "says nothing about a component"),
    ("zero with a copy", [{"name": "a"}], {"endpoint__managedInstanceScaling": {"min": 0}}, "managedInstanceScaling.min: is 0, and a component keeps a copy"),
    ("fewer at most than first", [{"name": "a"}], {"endpoint__instanceCount": 3, "endpoint__managedInstanceScaling": {"max": 2}}, "managedInstanceScaling.max: is 2"),
    ("more at least than first", [{"name": "a"}], {"endpoint__managedInstanceScaling": {"min": 2, "max": 3}}, "managedInstanceScaling.min: is 2, and the endpoint begins with 1"),
    ("a key of another type", [{"name": "a", "model": {"packages": {"us-east-1": {"arn": "arn:aws:sagemaker:us-east-1:865070037744:model-package/x"}}}}], {},
     "components[0].model.packages: models of type container have no packages"),
    ("a secret", [{"name": "a", "model": {"env": {"X": "hf_abcdefghijklmnop"}}}], {}, "components[0].model.env.X: looks like a secret"),
    ("a gated model", [{"name": "a", "model": {**TEI, "container": "vllm", "modelId": "meta-llama/Llama-3.1-8B", "revision": "main"}}], {},
     "components[0].model.modelId: meta-llama/Llama-3.1-8B is gated"),
    ("an adapter without base", [{"name": "chat"}, {"name": "b", "adapter": "s3://my-adapters/a.tar.gz"}], {}, "components[1].base: is required"),
    ("a base without adapter", [{"name": "chat"}, {"name": "b", "base": "chat"}], {}, "components[1].adapter: is required"),
    ("an unknown base", [{"name": "chat"}, {**TUNED, "base": "code"}], {}, "components[1].base: code is no other component; one of chat"),
    ("an adapter of an adapter", [{"name": "chat"}, TUNED, {**TUNED, "name": "more", "base": "tuned"}], {}, "components[2].base: tuned is an adapter itself"),
    ("resources of an adapter", [{"name": "chat"}, {**TUNED, "accelerators": 1}], {}, "components[1].accelerators: an adapter uses what its base has"),
    ("a base that loads none", [{"name": "chat", "model": TEI}, TUNED], {}, "components[0].name: has adapters, and tei cannot load them"),
    ("adapters alone", [{**TUNED, "base": "tuned"}], {}, "components: are adapters, all of them"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "changes", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(listed: list[dict[str, Any]], changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(components(*listed, **changes))
    assert words in str(caught.value)


def test_managed_scaling_is_for_components() -> None:
    with pytest.raises(ResolveError, match="is for inference components"):
        stack_of(changed(CONTAINER, endpoint__managedInstanceScaling={"max": 2}))


FAULTS = [
    ("letters", {"name": "Chat"}, "components[0].name: 'Chat' is not allowed here; it must be at most 40 lower-case"),
    ("length", {"name": "a" * 41}, "components[0].name"),
    ("no archive", {**TUNED, "adapter": "s3://my-adapters/tuned/"}, "it must be the s3:// URI of a .tar.gz"),
    ("type", {"name": "a", "model": {"type": "jumpstart", "modelId": "x"}}, "components[0].model.type: 'jumpstart' is not one"),
    ("key of a difference", {"name": "a", "model": {"modelID": "x"}}, "components[0].model.modelID: unknown key; did you mean modelId"),
    ("key of a model", {"name": "a", "model": {**TEI, "modeldata": "x"}}, "components[0].model.modeldata: unknown key; did you mean modelData"),
    ("no copies", {"name": "a", "copies": 0}, "components[0].copies: 0 is too small; at least 1"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "words"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_faults_of_the_language(one: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        stack_of(components(one))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("listed", "changes", "warned"),
    [
        ([{"name": "chat", "accelerators": 4}], {}, ["components[0]"]),
        ([{"name": "chat", "accelerators": 2}, {"name": "code", "accelerators": 1}], {}, ["components[0]"]),
        ([{"name": "chat", "accelerators": 2}], {}, []),
        ([{"name": "chat", "accelerators": 4}], {"endpoint__instanceCount": 2}, []),
        ([{"name": "chat", "accelerators": 4}], {"endpoint__managedInstanceScaling": {"max": 2}}, []),
        ([{"name": "chat", "accelerators": 4, "scaling": {"max": 1}}], {}, ["components[0]"]),
        ([{"name": "chat", "accelerators": 4, "scaling": {"max": 2}}], {}, []),
    ],
)  # fmt: skip
def test_an_update_without_room_is_warned_of(
    listed: list[dict[str, Any]], changes: dict[str, Any], warned: list[str]
) -> None:
    said = [one for one in stack_of(components(*listed, **changes)).warnings if "cannot be updated" in one]
    assert len(said) == len(warned)
    for one, place in zip(said, warned, strict=True):
        assert f"{place}: cannot be updated: a new copy comes before the old one goes" in one


def test_captured_requests_are_warned_of() -> None:
    stack = stack_of(components({"name": "chat"}, dataCapture={}))
    assert any("does not say that requests to components are captured" in one for one in stack.warnings)
