"""Scaling: which metric, between which bounds, and what SageMaker would not scale."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from cfgen.document import load
from cfgen.resolve.errors import ResolveError
from tests.specs import CONTAINER, PACKAGE, changed, stack_of, template_of

METRICS = [
    ("language models by requests under way", CONTAINER, {}, ("concurrency", "8", 1)),
    ("other models by requests begun", PACKAGE, {}, ("invocations", "60", 1)),
    ("asynchronous ones by what waits", CONTAINER, {"async": {}}, ("backlog", "5", 0)),
    (
        "serverless ones by what is in use",
        changed(CONTAINER, model__container="huggingface:4.51.3", model__modelId="intfloat/e5-small-v2"),
        {"endpoint": ..., "serverless": {"memorySizeInMB": 2048, "provisionedConcurrency": 2}},
        ("provisioned-concurrency", "0.7", 1),
    ),
]


@pytest.mark.parametrize(
    ("base", "changes", "expected"), [m[1:] for m in METRICS], ids=[m[0] for m in METRICS]
)
def test_metric(base: dict[str, Any], changes: dict[str, Any], expected: tuple[str, str, int]) -> None:
    plan = stack_of(changed(base, scaling={"max": 4}, **changes)).scaling
    assert plan is not None
    assert (plan.metric, plan.target, plan.minimum) == expected


REFUSED = [
    (
        "zero",
        CONTAINER,
        {"min": 0, "max": 2},
        {},
        "scaling.min: is 0, which a real-time endpoint cannot scale to",
    ),
    ("bounds", CONTAINER, {"min": 3, "max": 2}, {}, "scaling.max: is less than the minimum, 3; at least 3"),
    (
        "count",
        CONTAINER,
        {"max": 2},
        {"endpoint__instanceCount": 3},
        "endpoint.instanceCount: is 3, more than",
    ),
    ("backlog", CONTAINER, {"max": 2, "metric": "backlog"}, {}, "for asynchronous endpoints only"),
    (
        "concurrency of asynchronous",
        CONTAINER,
        {"max": 2, "metric": "concurrency"},
        {"async": {}},
        "says nothing about an async endpoint; choose backlog",
    ),
    (
        "provisioned",
        CONTAINER,
        {"max": 2, "metric": "provisioned-concurrency"},
        {},
        "only a serverless endpoint has provisioned concurrency",
    ),
    (
        "burstable",
        changed(CONTAINER, model__container="huggingface:4.51.3", model__modelId="intfloat/e5-small-v2"),
        {"max": 2},
        {"endpoint__instanceType": "ml.t2.large"},
        "ml.t2.large is burstable, which SageMaker does not scale",
    ),
]


@pytest.mark.parametrize(
    ("base", "scaling", "changes", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(base: dict[str, Any], scaling: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(changed(base, scaling=scaling, **changes))
    assert words in str(caught.value)


def resources(data: dict[str, Any]) -> dict[str, Any]:
    """The resources of a spec's template."""
    found: dict[str, Any] = load(template_of(data).text)["Resources"]
    return found


def test_an_update_keeps_counts_but_not_weights() -> None:
    endpoint = resources(changed(CONTAINER, scaling={"max": 2}))["Endpoint"]["Properties"]
    assert endpoint["RetainAllVariantProperties"] is True
    assert "ExcludeRetainedVariantProperties" not in endpoint


def test_an_update_of_what_may_stand_at_zero_begins_with_instances() -> None:
    made = resources(changed(CONTAINER, scaling={"max": 2}, **{"async": {}}))
    assert "RetainAllVariantProperties" not in made["Endpoint"]["Properties"]
    assert made["WakeAlarm"]["Properties"]["AlarmActions"] == [{"Ref": "WakePolicy"}]


def test_without_scaling_nothing_is_kept() -> None:
    assert "RetainAllVariantProperties" not in yaml.dump(resources(CONTAINER))


def test_trainium_scales() -> None:
    """Its types begin with the letter of those that do not."""
    data = changed(
        CONTAINER, model__container="huggingface-vllm-neuronx", endpoint__instanceType="ml.trn1.32xlarge"
    )
    template = load(template_of(changed(data, scaling={"max": 2})).text)
    assert "ScalableTarget" in template["Resources"]
    assert "InstanceTypeScales" not in template["Rules"]


def test_a_launcher_cannot_choose_a_burstable_type() -> None:
    data = changed(CONTAINER, scaling={"max": 2}, model__container="huggingface:4.51.3")
    data = changed(data, model__modelId="intfloat/e5-small-v2", endpoint__instanceType="ml.m5.large")
    data = changed(data, endpoint__allowedInstanceTypes=["ml.m5.large", "ml.t2.large"])
    rule = load(template_of(data).text)["Rules"]["InstanceTypeScales"]
    assert "ml.t2.large" in str(rule)


def test_a_count_that_updates_do_not_apply_says_so() -> None:
    for scaling, words in (
        ({"max": 4}, "at first; an update keeps"),
        (..., "How many instances serve the model."),
    ):
        data = CONTAINER if scaling is ... else changed(CONTAINER, scaling=scaling)
        parameters = load(template_of(data).text)["Parameters"]
        assert words in parameters["InstanceCount"]["Description"]


def test_what_scales_provisioned_concurrency_has_some() -> None:
    data = changed(CONTAINER, model__container="huggingface:4.51.3", model__modelId="intfloat/e5-small-v2")
    data = changed(data, endpoint=..., serverless={"memorySizeInMB": 2048, "provisionedConcurrency": 2})
    template = load(template_of(changed(data, scaling={"max": 4})).text)
    assert template["Parameters"]["ServerlessProvisionedConcurrency"]["MinValue"] == 1
    assert "HasProvisionedConcurrency" not in template["Conditions"]
    plain = load(template_of(data).text)
    assert plain["Parameters"]["ServerlessProvisionedConcurrency"]["MinValue"] == 0
