"""``instanceType: auto``: what it sets, what it refuses, and that it renders the same everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen import memory, pipeline
from cfgen.catalogue import load
from cfgen.lint.fast import check
from cfgen.models.errors import HubUnreachable, StaleLock
from cfgen.models.facts import ModelFacts
from cfgen.models.lock import Lock, lock_path
from cfgen.resolve import ResolveError, Stack, resolve
from tests.fixtures.hub import Hub
from tests.fixtures.models import CONFIGS, add_model
from tests.resolve.test_sizing import AWQ, LLAMA_70B, MISTRAL, facts_of
from tests.specs import CONTAINER, PACKAGE, changed, spec_of

AUTO = changed(CONTAINER, endpoint__instanceType="auto")
COMMIT = CONTAINER["model"]["revision"]


def stack_of(data: dict[str, Any], facts: ModelFacts = MISTRAL) -> Stack:
    return resolve(spec_of(data), load(), lambda _model, _revision: facts)


def environment(stack: Stack) -> dict[str, str]:
    return dict(stack.model.environment)


def test_the_cheapest_type_with_its_reasons() -> None:
    stack = stack_of(AUTO)
    (fleet,) = stack.endpoint.fleets
    assert fleet.type == "ml.g6.2xlarge"
    assert "47,005 tokens" in fleet.reason
    assert stack.decisions[0].startswith("ml.g6.2xlarge (1 × L4, 32 GiB), about 1.22 USD")
    assert environment(stack)["SM_VLLM_MAX_MODEL_LEN"] == "auto"


def test_a_named_type_says_no_reasons() -> None:
    stack = stack_of(CONTAINER)
    assert stack.decisions == ()
    assert stack.endpoint.fleets[0].reason == ""


def test_what_is_asked_is_set_and_counted() -> None:
    asked = changed(AUTO, endpoint__context=16384, endpoint__concurrency=8, regions=["us-east-1"])
    stack = stack_of(asked)
    assert stack.endpoint.fleets[0].type == "ml.g6e.xlarge"
    assert environment(stack)["SM_VLLM_MAX_MODEL_LEN"] == "16384"
    assert stack_of(changed(asked, endpoint__maxPrice=3)).endpoint.fleets[0].type == "ml.g6e.xlarge"


SPLITS = {
    "vllm:0.30.0": {"SM_VLLM_TENSOR_PARALLEL_SIZE": "4", "SM_VLLM_DTYPE": "float16"},
    "sglang": {"SM_SGLANG_TP_SIZE": "4", "SM_SGLANG_DTYPE": "float16"},
    "lmi": {"OPTION_TENSOR_PARALLEL_DEGREE": "max", "OPTION_DTYPE": "fp16"},
    "tgi": {"SM_NUM_GPUS": "4", "DTYPE": "float16"},
}


@pytest.mark.parametrize("container", SPLITS)
def test_split_and_type_in_each_servers_words(container: str) -> None:
    asked = changed(AUTO, model__container=container, endpoint__allowedInstanceTypes=["ml.g4dn.12xlarge"])
    found = environment(stack_of(asked, AWQ))
    assert {name: found[name] for name in SPLITS[container]} == SPLITS[container]


def test_fewer_gpus_than_there_are_when_the_groups_must_stay_whole() -> None:
    qwen = replace(AWQ, intermediate_size=29568)
    asked = changed(AUTO, endpoint__allowedInstanceTypes=["ml.p5.48xlarge"])
    assert environment(stack_of(asked, qwen))["SM_VLLM_TENSOR_PARALLEL_SIZE"] == "1"


@pytest.mark.parametrize(
    ("container", "length"), [("lmi:0.35.0", "8192"), ("tgi:2.2.0", "8192"), ("tgi:3.3", None)]
)
def test_a_length_where_the_server_would_take_the_wrong_one(container: str, length: str | None) -> None:
    found = environment(stack_of(changed(AUTO, model__container=container)))
    assert found.get("OPTION_MAX_MODEL_LEN", found.get("MAX_TOTAL_TOKENS")) == length


def test_an_encoder_goes_to_a_cpu() -> None:
    stack = stack_of(changed(AUTO, model__container="tei"), facts_of("all-MiniLM-L6-v2"))
    assert stack.endpoint.fleets[0].type == "ml.c5.xlarge"
    assert "tei-cpu" in (stack.model.image.repository if stack.model.image else "")


def test_loading_takes_as_long_as_the_weights_are_heavy() -> None:
    small, large = stack_of(AUTO), stack_of(AUTO, LLAMA_70B)
    assert small.endpoint.startup_health_check_timeout < large.endpoint.startup_health_check_timeout


def test_a_launcher_may_choose_what_is_no_smaller() -> None:
    (fleet,) = stack_of(AUTO, LLAMA_70B).endpoint.fleets
    catalogue = load()
    assert all(catalogue.instance(one.name).accelerator_memory_gib >= 96 for one in fleet.choices)


def test_each_variant_is_sized_by_its_own_model() -> None:
    known = {"org/small": MISTRAL, "org/large": LLAMA_70B}
    variants = [
        {"name": "current"},
        {"name": "challenger", "model": {"modelId": "org/large"}},
        {"name": "named", "instanceType": "ml.p5.48xlarge"},
    ]
    asked = changed(
        AUTO, model__modelId="org/small", model__revision=..., endpoint__concurrency=2, variants=variants
    )
    stack = resolve(spec_of(asked), load(), lambda model, _: replace(known[model], id=model))
    types = [fleet.type for fleet in stack.endpoint.fleets]
    assert types == ["ml.g6.2xlarge", "ml.g7e.12xlarge", "ml.p5.48xlarge"]
    assert sum(line.startswith("ml.") for line in stack.decisions) == 2


def test_a_launcher_may_choose_nothing_dearer_than_the_spec_allows() -> None:
    (fleet,) = stack_of(changed(AUTO, endpoint__maxPrice=2)).endpoint.fleets
    assert [one.name for one in fleet.choices] == ["ml.g6.2xlarge", "ml.g6.4xlarge"]


def unreachable(model: str, _revision: str) -> ModelFacts:
    raise HubUnreachable(model, "https://hub", "no network")


UNKNOWN = replace(MISTRAL, kind="unknown", why_unknown="its architecture (mamba) is not known")
REFUSED: dict[str, tuple[dict[str, Any], ModelFacts, str, str]] = {
    "no facts": (AUTO, UNKNOWN, "endpoint.instanceType", "architecture (mamba) is not known"),
    "too long": (changed(AUTO, endpoint__context=40000), MISTRAL, "endpoint.context", "32,768 tokens at most"),
    "too cheap": (changed(AUTO, endpoint__maxPrice=0.5), MISTRAL, "endpoint.instanceType", "cost too much"),
    "too many": (changed(AUTO, endpoint__concurrency=9999), MISTRAL, "endpoint.instanceType", "hold too few tokens"),
    "nowhere": (changed(AUTO, regions=["cn-north-1"]), MISTRAL, "endpoint.instanceType", "have no image"),
    "gated": (AUTO, replace(MISTRAL, gated="manual"), "model.modelId", "is gated on the hub"),
    "embeddings server": (changed(AUTO, model__container="tei"), MISTRAL, "model.container", "serves embeddings"),
    "unknown container": (changed(AUTO, model__container="vlm"), MISTRAL, "model.container", "no image family 'vlm'"),
    "unknown version": (changed(AUTO, model__container="tgi:9"), MISTRAL, "model.container", "no version '9'"),
    "unknown region": (changed(AUTO, regions=["us-middle-1"]), MISTRAL, "regions", "no region 'us-middle-1'"),
    "own image": (
        changed(AUTO, model__container="111122223333.dkr.ecr.us-east-1.amazonaws.com/x:y"), MISTRAL,
        "endpoint.instanceType", "an image of your own",
    ),
    "package": (changed(PACKAGE, endpoint__instanceType="auto"), MISTRAL, "endpoint.instanceType", "auto sizes containers"),
    "no model": (
        changed(AUTO, model__modelId=..., model__revision=..., model__modelData="s3://my-models/llama/"), MISTRAL,
        "endpoint.instanceType", "without modelId",
    ),
    "price without auto": (changed(CONTAINER, endpoint__maxPrice=2), MISTRAL, "endpoint.maxPrice", "auto only"),
    "load without auto": (changed(CONTAINER, endpoint__concurrency=2), MISTRAL, "endpoint.concurrency", "auto only"),
    "auto among types": (
        changed(CONTAINER, endpoint__allowedInstanceTypes=["auto"]), MISTRAL, "endpoint.allowedInstanceTypes[0]",
        "auto cannot stand here",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str) -> None:
    data, facts, path, words = REFUSED[case]
    with pytest.raises(ResolveError) as caught:
        stack_of(data, facts)
    assert [one for one in caught.value.problems if one.path == path and words in one.message], str(
        caught.value
    )


def test_without_facts_a_type_is_asked_for() -> None:
    with pytest.raises(ResolveError, match=r"no network.*name an instance type such as ml"):
        resolve(spec_of(AUTO), load(), unreachable)


# -- the facts beside a spec


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    data = changed(AUTO, model__modelId="org/model", model__revision=...)
    path.write_text(yaml.safe_dump(data))
    return path


def test_the_same_bytes_with_and_without_the_hub(
    hub: Hub,
    spec: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    add_model(hub, "org/model", CONFIGS["mistral-7b-instruct-v0.3"], 14496047104)
    first = pipeline.render_checked(spec)
    assert lock_path(spec).is_file()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path / "another"))
    again = pipeline.render_checked(spec)
    assert (again.text, again.decisions) == (first.text, first.decisions)
    assert first.decisions
    assert not [one for one in check(first.text, "spec") if one.severity == "error"]


def test_what_is_kept_counts_even_when_the_branch_moves_on(hub: Hub, spec: Path) -> None:
    add_model(hub, "org/model", CONFIGS["mistral-7b-instruct-v0.3"], 14496047104)
    first = pipeline.render_checked(spec).text
    add_model(hub, "org/model", CONFIGS["llama-3.1-70b-instruct"], 141107412992)
    assert pipeline.render_checked(spec).text == first
    lock_path(spec).unlink()
    assert pipeline.render_checked(spec).text != first


def test_another_model_is_read_anew_and_the_old_one_goes(hub: Hub, spec: Path) -> None:
    add_model(hub, "org/model", CONFIGS["mistral-7b-instruct-v0.3"], 14496047104)
    add_model(hub, "org/other", CONFIGS["llama-3.1-70b-instruct"], 141107412992)
    pipeline.render_checked(spec)
    spec.write_text(spec.read_text().replace("org/model", "org/other"))
    assert "g7e" in pipeline.render_checked(spec).decisions[0]
    assert [row["id"] for row in json.loads(lock_path(spec).read_text())["models"]] == ["org/other"]


def test_a_remembered_rendering_depends_on_the_facts(hub: Hub, spec: Path) -> None:
    add_model(hub, "org/model", CONFIGS["mistral-7b-instruct-v0.3"], 14496047104)
    before = memory.key_of(spec, None)
    template = pipeline.render_checked(spec)
    key = memory.key_of(spec, None)
    assert key is not None
    assert key != before
    assert memory.recall(key) == template


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"models": 3}', '{"models": [{"format": 1}]}', '{"models": [{"format": 9, "id": "m"}]}'],
)
def test_a_damaged_file_is_told(spec: Path, content: str) -> None:
    lock_path(spec).write_text(content)
    with pytest.raises(StaleLock, match="is damaged") as caught:
        Lock(spec)("org/model", "")
    assert "Delete it" in caught.value.hint
    with pytest.raises(ResolveError, match=r"spec\.facts\.json: is damaged"):
        pipeline.render_checked(spec)


def test_a_spec_that_is_no_file_keeps_nothing(hub: Hub, tmp_path: Path) -> None:
    add_model(hub, "org/model", CONFIGS["mistral-7b-instruct-v0.3"], 14496047104)
    lock = Lock(None)
    assert lock("org/model", "").layers == 32
    assert lock.save() is None


def test_a_rendering_that_sizes_nothing_imports_nothing_of_it() -> None:
    program = "import sys, cfgen.resolve.resolver, cfgen.memory; print([m for m in sys.modules if m in {%s}])"
    heavy = (
        "'cfgen.resolve.sizing_options', 'cfgen.models.facts', 'cfgen.catalogue.prices', 'cfgen.models.hub'"
    )
    done = subprocess.run([sys.executable, "-c", program % heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_spec_that_names_its_type_asks_nobody(hub: Hub, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("auto", "ml.g6.2xlarge"))
    pipeline.render_checked(spec)
    assert not hub.requests
    assert not lock_path(spec).exists()
