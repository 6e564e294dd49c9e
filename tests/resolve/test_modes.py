"""Modes: what is decided for several variants, and every refusal of a feature, at its place."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.resolve import ResolveError, Stack
from cfgen.spec import SpecError
from tests.specs import CONTAINER, PACKAGE, changed, stack_of, template_of

TWO: list[dict[str, Any]] = [{"name": "current", "weight": 9}, {"name": "next"}]
SERVERLESS = {"memorySizeInMB": 2048}
DATA = {"type": "container", "container": "xgboost", "modelData": "s3://my-models/one/model.tar.gz"}
MANY = {
    "type": "container",
    "container": "xgboost",
    "mode": "multi-model",
    "modelData": "s3://my-models/many/",
}
CPU: dict[str, Any] = {"name": "example", "model": DATA, "endpoint": {"instanceType": "ml.m5.xlarge"}}
POOLS = [{"instanceType": "ml.g6e.2xlarge"}, {"instanceType": "ml.g6.2xlarge"}]
POOLED = {"endpoint__instanceType": ..., "endpoint__instancePools": POOLS}
TOPIC = "arn:aws:sns:us-east-1:111122223333:answers"
RESERVED = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/inference"


def with_model(*override: dict[str, Any], **more: Any) -> Stack:
    variants = [{"name": "current"}, *({"name": f"v-{n}", "model": one} for n, one in enumerate(override))]
    return stack_of(changed(CONTAINER, variants=variants, **more))


def test_variants_that_differ_in_nothing_share_a_model() -> None:
    stack = stack_of(changed(CONTAINER, variants=TWO))
    assert [model.id for model in stack.models] == ["Model"]
    assert [(one.name, one.model, one.weight) for one in stack.endpoint.variants] == [
        ("current", "Model", 9),
        ("next", "Model", 1),
    ]


def test_a_variants_model_is_resolved_as_a_spec_of_its_own() -> None:
    stack = with_model(
        {"env": {"SM_VLLM_SEED": "1"}}, {"modelId": "Qwen/Qwen3-8B"}, {"modelData": "s3://a-bucket/c/"}
    )
    assert [model.id for model in stack.models] == ["Model", "V0Model", "V1Model", "V2Model"]
    base, env, other, data = stack.models
    assert dict(env.environment) == dict(base.environment) | {"SM_VLLM_SEED": "1"}
    assert dict(other.environment)["SM_VLLM_MODEL"] == "Qwen/Qwen3-8B"
    assert "SM_VLLM_REVISION" not in dict(other.environment), "the revision is of the other repository"
    assert data.data is not None
    assert data.data.bucket_parameter == "V2ModelDataBucket"
    assert "SM_VLLM_REVISION" not in dict(data.environment)
    assert len([w for w in stack.warnings if "variants[2].model.modelId" in w and "not pinned" in w]) == 1


def test_images_of_other_accounts_have_a_mapping_of_their_own() -> None:
    stack = with_model(
        {"container": "111122223333.dkr.ecr.us-east-1.amazonaws.com/mine:1"}, regions=["us-east-1"]
    )
    assert [image.mapping for image in stack.registries] == ["ImageRegistry", "ImageRegistry2"]
    text = template_of(
        changed(
            CONTAINER,
            regions=["us-east-1"],
            variants=[
                TWO[0],
                {
                    "name": "next",
                    "model": {"container": "111122223333.dkr.ecr.us-east-1.amazonaws.com/mine:1"},
                },
            ],
        )
    ).text
    assert "!FindInMap [ImageRegistry2, !Ref AWS::Region, Account]" in text
    assert "Sid: Image2" in text


def test_two_packages_stand_in_two_mappings() -> None:
    other = {
        "packages": {"us-east-1": {"arn": "arn:aws:sagemaker:us-east-1:865070037744:model-package/other"}}
    }
    stack = stack_of(changed(PACKAGE, variants=[{"name": "a"}, {"name": "b", "model": other}]))
    assert [model.packages_mapping for model in stack.models] == ["ModelPackages", "BModelPackages"]
    assert stack.regions == ("us-east-1",), "only where both are"


def test_a_package_at_an_asynchronous_endpoint_may_be_refused() -> None:
    stack = stack_of(changed(PACKAGE, **{"async": {}}))
    assert [warning for warning in stack.warnings if "async" in warning and "Marketplace" in warning]


def test_each_content_is_built_once_under_a_key_of_its_resource() -> None:
    stack = with_model({"env": {"A": "1"}}, {"revision": "main"}, {"revision": "main"}, model__staging="s3")
    base, same, other = (model.build for model in stack.models)  # the last two share even their model
    assert base is not None
    assert other is not None
    assert same == base
    assert [build.prefix for build in stack.builds] == ["", "V1"]
    alone = stack_of(changed(CONTAINER, model__staging="s3", model__revision="main")).build
    assert alone is not None
    assert alone.config == other.config
    assert alone.key != other.key, "what one resource removes is not what another needs"


def test_each_variant_that_answers_is_asked() -> None:
    stack = stack_of(changed(CONTAINER, variants=TWO))
    assert [(smoke.id, smoke.variant) for smoke in stack.smokes] == [
        ("SmokeTest", "current"),
        ("NextSmokeTest", "next"),
    ]
    shadow = [{"name": "current"}, {"name": "next", "shadow": True}]
    stack = stack_of(changed(CONTAINER, variants=shadow))
    assert [(smoke.id, smoke.variant) for smoke in stack.smokes] == [("SmokeTest", "")]


def test_the_longest_start_counts() -> None:
    slow = [
        {"name": "current"},
        {
            "name": "next",
            "model": {"modelId": "Qwen/Qwen2.5-72B-Instruct"},
            "instanceType": "ml.p4d.24xlarge",
        },
    ]
    both, one = (stack_of(changed(CONTAINER, variants=v)) for v in (slow, [slow[0], {"name": "next"}]))
    assert both.endpoint.startup_health_check_timeout > one.endpoint.startup_health_check_timeout


def test_pools_launch_where_all_their_types_are() -> None:
    stack = stack_of(changed(CONTAINER, **POOLED))
    plan = stack.endpoint.variant.instances
    assert plan is not None
    assert [(pool.type, pool.priority) for pool in plan.pools] == [
        ("ml.g6e.2xlarge", 1),
        ("ml.g6.2xlarge", 2),
    ]
    for choice in plan.choices:
        assert set(stack.regions) <= set(choice.regions)
    assert "InstanceType:\n" not in template_of(changed(CONTAINER, **POOLED)).text.split("Rules:")[0]


def test_a_serverless_model_is_named_by_url_and_has_no_instances() -> None:
    text = template_of(changed(CPU, endpoint=..., serverless=SERVERLESS)).text
    assert "ModelDataUrl: !Sub s3://${ModelDataBucket}/${ModelDataKey}" in text
    for word in ("ModelDataSource", "InstanceType", "VolumeKmsKey", "StartupHealthCheckTimeout"):
        assert word not in text


def test_a_multi_model_endpoint_without_a_known_model_is_not_asked() -> None:
    stack = stack_of(changed(CPU, model=MANY))
    assert stack.smoke is None
    assert "--target-model MODEL.tar.gz" in stack.invocation.options


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    # async
    ("expiry of a bucket of yours", CONTAINER, {"async": {"bucket": "mine", "expireAfterDays": 3}}, "async.expireAfterDays", "not about yours"),
    ("keeping a bucket of yours", CONTAINER, {"async": {"bucket": "mine", "retainOnDelete": True}}, "async.retainOnDelete", "not about yours"),
    ("answers among requests", CONTAINER, {"async": {"outputPrefix": "input/"}}, "async.outputPrefix", "not apart"),
    ("failures below answers", CONTAINER, {"async": {"failurePrefix": "output/failed/"}}, "async.failurePrefix", "not apart"),
    ("answer in no topic", CONTAINER, {"async": {"includeResponseIn": ["error"], "successTopic": TOPIC}}, "async.includeResponseIn", "errorTopic"),
    ("async variants", CONTAINER, {"async": {}, "variants": TWO}, "async", "several"),
    # variants
    ("names alike", CONTAINER, {"variants": [{"name": "a-b"}, {"name": "aB"}]}, "variants[1].name", "too like a-b"),
    ("names twice", CONTAINER, {"variants": [{"name": "a"}, {"name": "a"}]}, "variants[1].name", "too like a"),
    ("name of one", CONTAINER, {"variants": TWO, "endpoint__variantName": "x"}, "endpoint.variantName", "have names"),
    ("two shadows", CONTAINER, {"variants": [{"name": "a"}, {"name": "b", "shadow": True}, {"name": "c", "shadow": True}]},
     "variants[1].shadow", "not 1 and 2"),
    ("shadow of two", CONTAINER, {"variants": [*TWO, {"name": "c", "shadow": True}]}, "variants[2].shadow", "not 2 and 1"),
    ("shadow first", CONTAINER, {"variants": [{"name": "a", "shadow": True}, {"name": "b"}]}, "variants[0].shadow", "second"),
    ("no weight", CONTAINER, {"variants": [{"name": "a", "weight": 0}, {"name": "b", "weight": 0}]}, "variants", "nobody"),
    ("key of another type", CONTAINER, {"variants": [{"name": "a"}, {"name": "b", "model": {"version": "1"}}]},
     "variants[1].model.version", "have no version"),
    ("type of a variant", CONTAINER, {"variants": [{"name": "a"}, {"name": "b", "instanceType": "ml.p3.2xlarge"}]},
     "variants[1].instanceType", "ml.p3.2xlarge"),
    ("image of a variant", CONTAINER, {"variants": [{"name": "a"}, {"name": "b", "model": {"container": "vllm:9.9.9"}}]},
     "variants[1].model.container", "9.9.9"),
    ("secret of a variant", CONTAINER, {"variants": [{"name": "a"}, {"name": "b", "model": {"env": {"X": "hf_abcdefghijklmnop"}}}]},
     "variants[1].model.env.X", "looks like a secret"),
    ("shadow of a package", PACKAGE, {"variants": [{"name": "a"}, {"name": "b", "shadow": True}]}, "variants[1].shadow", "Marketplace"),
    # serverless
    ("instances without any", CPU, {"serverless": SERVERLESS}, "endpoint.instanceType", "has none"),
    ("network without interfaces", CPU, {"endpoint": {}, "serverless": SERVERLESS, "vpc": {"mode": "create"}}, "vpc.mode", "VPC"),
    ("isolation without it", CPU, {"endpoint": {}, "serverless": SERVERLESS, "security__networkIsolation": True},
     "security.networkIsolation", "no network isolation"),
    ("GPU image", CONTAINER, {"endpoint": {}, "serverless": SERVERLESS}, "model.container", ""),
    ("files one by one", CPU, {"endpoint": {}, "serverless": SERVERLESS, "model__modelData": "s3://a-bucket/b/"}, "model.modelData", "one archive"),
    ("serverless package", PACKAGE, {"endpoint": {}, "serverless": SERVERLESS}, "model.type", "no model-package"),
    ("more ready than allowed", CPU, {"endpoint": {}, "serverless": {**SERVERLESS, "maxConcurrency": 2, "provisionedConcurrency": 3}},
     "serverless.provisionedConcurrency", "exceeds"),
    ("serverless async", CPU, {"endpoint": {}, "serverless": SERVERLESS, "async": {}}, "async", "not asynchronous"),
    ("serverless variants", CPU, {"endpoint": {}, "serverless": SERVERLESS, "variants": TWO}, "serverless", "several"),
    ("staged without archive", CPU, {"endpoint": {}, "serverless": SERVERLESS, "model": {"type": "container", "container": "huggingface",
     "task": "fill-mask", "modelId": "bert-base-uncased", "staging": "s3"}}, "model.staging", "archive: tar.gz"),
    # multi-model
    ("no loader of many", CONTAINER, {"model": {**MANY, "container": "vllm"}}, "model.mode", "cannot load"),
    ("GPU of another family", CPU, {"model": {**MANY, "container": "sagemaker-tritonserver"}, "endpoint__instanceType": "ml.g6.xlarge"},
     "endpoint.instanceType", "multi-model"),
    ("one archive of many", CPU, {"model": {**MANY, "modelData": "s3://a-bucket/b.tar.gz"}}, "model.modelData", "prefix"),
    ("request without model", CPU, {"model": MANY, "smokeTest": {"body": "1"}}, "smokeTest.targetModel", "names its model"),
    ("model of one", CPU, {"smokeTest": {"body": "1", "targetModel": "a.tar.gz"}}, "smokeTest.targetModel", "multi-model"),
    ("async of many", CPU, {"model": MANY, "async": {}}, "async", "serves many"),
    # capacity
    ("pools and a type", CONTAINER, {"endpoint__instancePools": POOLS}, "endpoint.instancePools", "replace"),
    ("pool twice", CONTAINER, {**POOLED, "endpoint__instancePools": POOLS[:1] * 2}, "endpoint.instancePools[1].instanceType", "twice"),
    ("pool of another kind", CONTAINER, {**POOLED, "endpoint__instancePools": [POOLS[0], {"instanceType": "ml.m5.xlarge"}]},
     "endpoint.instancePools[1].instanceType", "cannot run"),
    ("priority twice", CONTAINER, {**POOLED, "endpoint__instancePools": [{**one, "priority": 1} for one in POOLS]},
     "endpoint.instancePools[1].priority", "priority 1"),
    ("pools of a reservation", CONTAINER, {**POOLED, "endpoint__capacityReservation": RESERVED}, "endpoint.capacityReservation", "one instance type"),
    ("prefix of no prefix routing", CONTAINER, {"endpoint__routing": {"strategy": "RANDOM", "prefixLength": 2048}},
     "endpoint.routing.prefixLength", "of no use"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "changes", "path", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_a_mode_does_not_have_is_refused_at_its_place(
    base: dict[str, Any], changes: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(changed(base, **changes))
    found = [p for p in caught.value.problems if p.path == path and words in f"{p.message} {p.fix}"]
    assert found, str(caught.value)
    assert found[0].line > 0


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [({}, (2048, 16)), ({"prefixLength": 1024}, (1024, 16)), ({"concurrencyThreshold": 9}, (2048, 9))],
)
def test_prefix_routing_always_has_both_its_numbers(asked: dict[str, int], numbers: tuple[int, int]) -> None:
    found = stack_of(changed(CONTAINER, endpoint__routing={"strategy": "PREFIX_AWARE", **asked}))
    routing = found.endpoint.fleets[0].routing
    assert routing is not None
    assert (routing.prefix_length, routing.concurrency_threshold) == numbers


@pytest.mark.parametrize("endpoint", [{}, ...], ids=["of nothing", "none"])
def test_an_endpoint_stands_on_something(endpoint: Any) -> None:
    with pytest.raises(SpecError, match="is required; an instance type such as"):
        stack_of(changed(CONTAINER, endpoint=endpoint))
