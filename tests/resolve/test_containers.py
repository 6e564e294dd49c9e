"""Containers: environments by family, hardware and source; names of models; timeouts; the reference page."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.catalogue import ALIASES, load
from cfgen.resolve import containers
from cfgen.resolve.container_kinds import ContainerKind
from cfgen.resolve.container_reference import page
from cfgen.resolve.container_table import BEFORE, KINDS
from cfgen.resolve.containers import ContainerRequest, environment, kind, reasons, refusals, warnings

ROOT = Path(__file__).parents[2]
LLM = "mistralai/Mistral-7B-Instruct-v0.3"
BGE = "BAAI/bge-base-en-v1.5"
SST = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
GGUF = "Qwen/Qwen3-8B-GGUF"

HARDWARE: dict[str, dict[str, object]] = {
    "one GPU": {"accelerators": 1, "compute_capability": 8.6, "vcpus": 8},
    "four GPUs": {"accelerators": 4, "compute_capability": 8.9, "vcpus": 48},
    "T4": {"accelerators": 1, "compute_capability": 7.5, "vcpus": 8},
    "CPU": {"processor": "cpu", "vcpus": 8},
    "neuron": {"processor": "neuron", "neuron_cores": 2, "vcpus": 4},
}

VLLM_AUTO = {"SM_VLLM_MAX_MODEL_LEN": "auto"}
VLLM_HUB = {"SM_VLLM_MODEL": LLM, **VLLM_AUTO, "HF_HOME": "/tmp/huggingface"}
VLLM_S3 = {
    "SM_VLLM_MODEL": "/opt/ml/model",
    "SM_VLLM_SERVED_MODEL_NAME": LLM,
    **VLLM_AUTO,
    "HF_HUB_OFFLINE": "1",
}
SGLANG_HUB = {"SM_SGLANG_MODEL_PATH": LLM, "HF_HOME": "/tmp/huggingface"}
SGLANG_S3 = {
    "SM_SGLANG_MODEL_PATH": "/opt/ml/model",
    "SM_SGLANG_SERVED_MODEL_NAME": LLM,
    "HF_HUB_OFFLINE": "1",
}
NEURON_TOOLKIT = {
    "HF_OPTIMUM_SEQUENCE_LENGTH": "512",
    "HF_TASK": "text-classification",
    "HF_OPTIMUM_BATCH_SIZE": "1",
}
NEURON_LMI = {
    "OPTION_TENSOR_PARALLEL_DEGREE": "2",
    "OPTION_N_POSITIONS": "2048",
    "OPTION_ENTRYPOINT": "djl_python.transformers_neuronx",
    "OPTION_ROLLING_BATCH": "auto",
    "OPTION_MODEL_LOADING_TIMEOUT": "3600",
}
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}

# family → (hardware, model, what it is set to from the hub, staged to S3)
PLAIN: dict[str, tuple[str, str | None, dict[str, str], dict[str, str]]] = {
    "vllm": ("one GPU", LLM, VLLM_HUB, VLLM_S3),
    "vllm-server": ("one GPU", LLM, VLLM_HUB, VLLM_S3),
    "huggingface-vllm": ("one GPU", LLM, VLLM_HUB, VLLM_S3),
    "sglang": ("one GPU", LLM, SGLANG_HUB, SGLANG_S3),
    "sglang-server": ("one GPU", LLM, SGLANG_HUB, SGLANG_S3),
    "huggingface-sglang": ("one GPU", LLM, SGLANG_HUB, SGLANG_S3),
    "djl-lmi": (
        "one GPU",
        LLM,
        {"HF_MODEL_ID": LLM, "OPTION_MAX_MODEL_LEN": "auto"},
        {"HF_MODEL_ID": "/opt/ml/model", "OPTION_MAX_MODEL_LEN": "auto", "HF_HUB_OFFLINE": "1"},
    ),
    "huggingface-llm": (
        "one GPU",
        LLM,
        {"HF_MODEL_ID": LLM, "SM_NUM_GPUS": "1", "HF_HOME": "/tmp/huggingface"},
        {"HF_MODEL_ID": "/opt/ml/model", "SM_NUM_GPUS": "1", "HF_HUB_OFFLINE": "1"},
    ),
    "huggingface-tei": ("one GPU", BGE, {"HF_MODEL_ID": BGE}, {"HF_MODEL_ID": "/opt/ml/model"}),
    "huggingface-tei-cpu": ("CPU", BGE, {"HF_MODEL_ID": BGE}, {"HF_MODEL_ID": "/opt/ml/model"}),
    "huggingface": (
        "CPU",
        SST,
        {"HF_MODEL_ID": SST, "HF_TASK": "text-classification"},
        {"HF_TASK": "text-classification", "HF_HUB_OFFLINE": "1"},
    ),
    "llama-cpp": (
        "CPU",
        GGUF,
        {"SM_LLAMA_CPP_HF_REPO": GGUF, "SM_LLAMA_CPP_CTX_SIZE": "4096", "LLAMA_CACHE": "/tmp/llama.cpp"},
        {
            "SM_LLAMA_CPP_MODEL_DIR": "/opt/ml/model",
            "SM_LLAMA_CPP_ALIAS": GGUF,
            "SM_LLAMA_CPP_CTX_SIZE": "4096",
        },
    ),
    "llama-cpp-arm64": (
        "CPU",
        GGUF,
        {"SM_LLAMA_CPP_HF_REPO": GGUF, "SM_LLAMA_CPP_CTX_SIZE": "4096", "LLAMA_CACHE": "/tmp/llama.cpp"},
        {
            "SM_LLAMA_CPP_MODEL_DIR": "/opt/ml/model",
            "SM_LLAMA_CPP_ALIAS": GGUF,
            "SM_LLAMA_CPP_CTX_SIZE": "4096",
        },
    ),
    "huggingface-neuronx": ("neuron", SST, {"HF_MODEL_ID": SST, **NEURON_TOOLKIT}, NEURON_TOOLKIT),
    "huggingface-vllm-neuronx": (
        "neuron",
        LLM,
        {"SM_ON_MODEL": LLM},
        {"SM_ON_MODEL": "/opt/ml/model", "SM_ON_SERVED_MODEL_NAME": LLM},
    ),
    "huggingface-llm-neuronx": ("neuron", LLM, {"MODEL_ID": LLM}, {"MODEL_ID": "/opt/ml/model"}),
    "djl-neuronx": (
        "neuron",
        LLM,
        {"HF_MODEL_ID": LLM, **NEURON_LMI},
        {"HF_MODEL_ID": "/opt/ml/model", **NEURON_LMI},
    ),
    "pytorch": ("one GPU", None, {}, {}),
    "tensorflow": ("CPU", None, {}, {}),
    "xgboost": ("CPU", None, {}, {}),
    "sklearn": ("CPU", None, {}, SCRIPT),
    "sagemaker-tritonserver": ("one GPU", None, {}, {}),
}


def request(family: str, hardware: str = "one GPU", **changes: object) -> ContainerRequest:
    given = {"model_id": LLM, **HARDWARE[hardware], **changes}
    return ContainerRequest(family=family, **given)  # type: ignore[arg-type]


def plain(family: str, *, staged: bool, hardware: str = "", **changes: object) -> ContainerRequest:
    usual, model, _, _ = PLAIN[family]
    task = "text-classification" if model == SST else None
    return request(family, hardware or usual, model_id=model, task=task, staged=staged, **changes)


def test_every_family_has_a_plain_case() -> None:
    assert set(PLAIN) == set(KINDS)


def test_every_family_is_one_of_the_catalogue() -> None:
    assert set(KINDS) <= set(load().families())
    assert set(BEFORE) <= set(KINDS)


@pytest.mark.parametrize("alias", sorted(ALIASES))
def test_other_names_mean_the_same(alias: str) -> None:
    assert kind(alias) is kind(ALIASES[alias]) is not kind("nobody-knows")


@pytest.mark.parametrize("family", PLAIN)
def test_plain_spec_from_the_hub(family: str) -> None:
    assert environment(plain(family, staged=False)) == PLAIN[family][2]


@pytest.mark.parametrize("family", PLAIN)
def test_plain_spec_staged(family: str) -> None:
    assert environment(plain(family, staged=True)) == PLAIN[family][3]


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("hardware", HARDWARE)
@pytest.mark.parametrize("family", PLAIN)
def test_every_family_on_all_hardware(family: str, hardware: str, staged: bool) -> None:
    row = kind(family)
    found = environment(plain(family, staged=staged, hardware=hardware))
    split = found.get(row.tensor_parallel_variable)
    if row.tensor_parallel_variable and hardware == "four GPUs":
        assert split == (row.all_devices or "4")
    elif hardware in ("one GPU", "T4") and row.counts_devices:
        assert split is None
    # a variable of the model's place is never the hub's when staged, nor the folder otherwise
    assert ("/opt/ml/model" in found.values()) == (staged and bool(row.staged_variable))
    # on a T4 the servers choose float16 themselves; naming it would stop those models that cannot run in it
    assert row.dtype_variable not in found
    assert not any(name.endswith("TRUST_REMOTE_CODE") for name in found)
    assert row.token_variable not in found
    # what fits beside the weights in GPU memory is a question for GPUs only
    automatic = found.get(row.max_length_variable) == "auto"
    assert automatic == (bool(row.automatic_length) and hardware not in ("CPU", "neuron"))


@pytest.mark.parametrize(
    ("family", "version", "token"),
    [
        ("tgi", "", "HF_TOKEN"),
        ("tgi", "3.3.6", "HF_TOKEN"),
        ("tgi", "2.2.0", "HF_TOKEN"),
        ("tgi", "2.0.2", "HUGGING_FACE_HUB_TOKEN"),
        ("tgi", "1.4.5", "HUGGING_FACE_HUB_TOKEN"),
        ("tei", "1.8.2", "HF_TOKEN"),
        ("tei-cpu", "1.6.0", "HF_API_TOKEN"),
        ("tei", "1.2.3", "HF_API_TOKEN"),
        ("huggingface", "5.5.3", "HF_API_TOKEN"),
        ("vllm", "0.30.0", "HF_TOKEN"),
    ],
)
def test_token_variable_by_version(family: str, version: str, token: str) -> None:
    assert kind(family, version).token_variable == token


def test_lengths_of_tgi_by_version() -> None:
    def asked(version: str) -> dict[str, str]:
        found = environment(request("tgi", version=version, context_length=8192))
        return {name: value for name, value in found.items() if name.startswith("MAX_")}

    assert asked("3.3.6") == {"MAX_TOTAL_TOKENS": "8192"}
    assert asked("2.0.2") == {"MAX_TOTAL_TOKENS": "8192", "MAX_INPUT_TOKENS": "8191"}
    assert asked("1.4.5") == {
        "MAX_TOTAL_TOKENS": "8192",
        "MAX_INPUT_LENGTH": "8191",
        "MAX_BATCH_PREFILL_TOKENS": "8192",
    }


@pytest.mark.parametrize(
    ("family", "version", "length"),
    [
        ("vllm", "0.30.0", "auto"),
        ("huggingface-vllm", "0.14.0", "auto"),
        ("vllm", "0.13.0", None),
        ("vllm-server", "2", "auto"),
        ("djl-lmi", "0.36.0", "auto"),
        ("djl-lmi", "0.35.0", None),
    ],
)
def test_automatic_length_since(family: str, version: str, length: str | None) -> None:
    given = request(family, version=version)
    assert environment(given).get(kind(family).max_length_variable) == length
    assert any("whole context" in text for text in warnings(given)) == (length is None)


@pytest.mark.parametrize("family", [name for name, row in KINDS.items() if row.max_length_variable])
def test_asked_length_is_passed_on(family: str) -> None:
    given = plain(family, staged=False, context_length=4000)
    assert environment(given)[kind(family).max_length_variable] == "4000"


@pytest.mark.parametrize("family", [name for name, row in KINDS.items() if row.revision_variable])
def test_revision_is_for_the_hub_only(family: str) -> None:
    name = kind(family).revision_variable
    assert environment(plain(family, staged=False, revision="a" * 40))[name] == "a" * 40
    assert name not in environment(plain(family, staged=True, revision="a" * 40))


def test_older_neuron_images() -> None:
    old = environment(request("tgi-neuronx", "neuron", version="0.2.0", revision="main"))
    assert old == {"HF_MODEL_ID": LLM, "HF_MODEL_REVISION": "main", "MAX_BATCH_SIZE": "4"}
    assert "SM_ON_REVISION" not in environment(
        request("huggingface-vllm-neuronx", "neuron", version="0.4.1", revision="main")
    )


@pytest.mark.parametrize(
    ("model", "gpus", "split"),
    [
        ("tiiuae/falcon-7b-instruct", 4, 1),
        ("tiiuae/falcon-40b", 4, 4),
        ("Qwen/Qwen2.5-7B-Instruct", 8, 4),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", 4, 4),
        ("Qwen/Qwen2.5-1.5B", 8, 4),
        ("Qwen/Qwen2.5-0.5B", 4, 2),
        ("Qwen/Qwen2.5-72B-Instruct", 8, 8),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 8, 4),
        (LLM, 8, 8),
    ],
)
def test_split_divides_the_heads(model: str, gpus: int, split: int) -> None:
    given = request("vllm", "four GPUs", model_id=model, accelerators=gpus)
    assert containers.tensor_parallel(given) == split
    assert environment(given)["SM_VLLM_TENSOR_PARALLEL_SIZE"] == str(split)
    assert any("attention heads" in text for text in warnings(given)) == (split < gpus)


def test_lmi_serves_copies_on_the_gpus_left_over() -> None:
    given = request("djl-lmi", "four GPUs", model_id="tiiuae/falcon-7b")
    assert environment(given)["OPTION_TENSOR_PARALLEL_DEGREE"] == "1"
    assert any("4 copies are served" in text for text in warnings(given))


@pytest.mark.parametrize(("cores", "split"), [(1, "1"), (2, "2"), (12, "8"), (24, "16"), (32, "32")])
def test_neuron_cores_split_in_powers_of_two(cores: int, split: str) -> None:
    found = environment(request("djl-neuronx", "neuron", neuron_cores=cores))
    assert found["OPTION_TENSOR_PARALLEL_DEGREE"] == split


def test_user_code() -> None:
    for family in ("pytorch", "sklearn", "xgboost", "huggingface"):
        assert (
            environment(request(family, "CPU", model_id=None, staged=True, code=True)).items()
            >= SCRIPT.items()
        )
    assert environment(request("vllm", staged=True, code=True)).keys() & SCRIPT.keys() == set()


def test_large_model_in_the_toolkit() -> None:
    found = environment(request("huggingface", "CPU"))
    assert found["SAGEMAKER_MODEL_SERVER_WORKERS"] == "1"
    # the server's own limit is 60 minutes, and the variable counts minutes
    assert "SAGEMAKER_MODEL_SERVER_TIMEOUT" not in found
    assert "SAGEMAKER_MODEL_SERVER_WORKERS" not in environment(request("huggingface"))


def test_slow_model_in_lmi_may_load_as_long_as_the_endpoint_waits() -> None:
    model = "meta-llama/Llama-3.1-70B-Instruct"
    found = environment(request("djl-lmi", "four GPUs", model_id=model))
    assert found["OPTION_MODEL_LOADING_TIMEOUT"] == str(containers.timeouts(70.0, "gpu", False)[1])


def test_embeddings() -> None:
    given = {"model_id": "sentence-transformers/all-MiniLM-L6-v2"}
    assert environment(request("huggingface", "CPU", **given))["HF_TASK"] == "feature-extraction"
    task = {"task": "feature-extraction"}
    assert environment(request("vllm", **given, **task))["SM_VLLM_RUNNER"] == "pooling"
    assert any("vllm or tei" in text for text in warnings(request("sglang", **given, **task)))


def test_older_tei_caches_outside_the_image() -> None:
    assert environment(request("tei", version="1.4.0"))["HUGGINGFACE_HUB_CACHE"] == "/tmp"
    assert "HUGGINGFACE_HUB_CACHE" not in environment(request("tei", version="1.8.2"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (request("vllm", model_id="meta-llama/Llama-3.1-8B-Instruct"), "gated"),
        (request("vllm", "T4"), "bfloat16"),
        (request("tgi"), "archived"),
        (request("tgi", version="2.0.2"), "4,096 tokens"),
        (request("tgi", version="1.4.5"), "1,024 tokens"),
        (request("vllm", accelerators=3), "power of two"),
        (request("vllm", model_id="THUDM/chatglm3-6b"), "SM_VLLM_TRUST_REMOTE_CODE"),
        (request("llama-cpp", "CPU"), "GGUF"),
        (request("llama-cpp", "CPU", model_id=GGUF), "4096 tokens"),
        (request("llama-cpp", model_id=GGUF, revision="main"), "cannot pin"),
        (request("tei", "four GPUs", model_id=BGE), "other 3 stay idle"),
        (request("tei", model_id=BGE, context_length=512), "not passed on"),
        (request("huggingface", model_id="x/y-30B"), "root volume"),
        (request("huggingface", model_id="x/y"), "task"),
        (request("huggingface-vllm-neuronx", "neuron"), "compiled"),
        (request("djl-neuronx", "neuron"), "2048 tokens"),
    ],
)
def test_warnings(given: ContainerRequest, words: str) -> None:
    assert any(words in text for text in warnings(given)), warnings(given)


def test_no_warning_where_all_is_well() -> None:
    for family in ("vllm", "sglang", "djl-lmi"):
        assert warnings(request(family)) == []
    assert warnings(request("vllm", model_id="meta-llama/Llama-3.1-8B", token=True)) == []
    assert warnings(request("tei", model_id=BGE)) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (request("sglang", compute_capability=7.0), "7.5 or more"),
        (request("tei", version="1.8.2", compute_capability=12.0), "up to 9.0"),
        (request("triton"), "must come from S3"),
        (request("pytorch"), "must come from S3"),
    ],
)
def test_refusals(given: ContainerRequest, words: str) -> None:
    assert [text for text in refusals(given) if words in text]


@pytest.mark.parametrize("family", PLAIN)
def test_plain_cases_are_not_refused(family: str) -> None:
    assert refusals(plain(family, staged=True)) == []


def test_an_image_cfgen_does_not_know() -> None:
    given = request("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine", context_length=4096)
    assert kind(given.family).name == "custom"
    assert environment(given) == {}
    assert warnings(given) == refusals(given) == []


@pytest.mark.parametrize(
    ("model", "billions"),
    [
        (LLM, 7.0),
        ("meta-llama/Llama-3.1-70B-Instruct", 70.0),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", 56.0),
        ("mistralai/Mixtral-8x22B-v0.1", 176.0),
        ("Qwen/Qwen2.5-0.5B", 0.5),
        ("Qwen/Qwen2.5-7B-Instruct-1M", 7.0),
        ("Qwen/Qwen3-30B-A3B", 30.0),
        ("Qwen/Qwen3-235B-A22B-GPTQ-Int4", 235.0),
        ("facebook/opt-350m", 0.35),
        ("stabilityai/stablelm-2-1_6b", 1.6),
        ("openai/gpt-oss-120b", 120.0),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 109.0),
        ("deepseek-ai/DeepSeek-R1", 671.0),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 70.0),
        ("sentence-transformers/all-MiniLM-L6-v2", 0.05),
        (BGE, 0.3),
        ("microsoft/Phi-3-mini-4k-instruct", 3.8),
        ("someone/model-4bit", None),
        ("bigscience/bloomz-7b1", 7.0),
        ("CohereLabs/c4ai-command-r7b-12-2024", None),
        ("someone/v0.3", None),
        ("", None),
    ],
)
def test_size_from_the_name(model: str, billions: float | None) -> None:
    assert containers.estimated_parameters(model) == billions


def test_size_is_never_less_than_the_real_one() -> None:
    # published totals, in billions
    for model, real in {
        "Mixtral-8x7B-v0.1": 46.7,
        "Qwen2.5-7B": 7.6,
        "falcon-40b": 41.8,
        "Mistral-7B": 7.25,
    }.items():
        guess = containers.estimated_parameters(f"x/{model}")
        assert guess is not None
        assert guess * 1.1 >= real


@pytest.mark.parametrize(
    ("model", "bits"),
    [(LLM, 16), ("TheBloke/Llama-2-13B-AWQ", 4), ("x/y-FP8", 8), ("openai/gpt-oss-20b", 4), ("x/y.w8a8", 8)],
)
def test_bits_from_the_name(model: str, bits: int) -> None:
    assert containers.estimated_bits(model) == bits


@pytest.mark.parametrize(
    ("model", "gated"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", True),
        ("google/gemma-2-9b-it", True),
        ("google/paligemma-3b-pt-224", True),
        ("google/gemma-4-31b-it", False),
        ("google/flan-t5-xl", False),
        ("CohereLabs/c4ai-command-r-v01", True),
        ("bigcode/starcoder", True),
        ("bigcode/starcoder2-15b", False),
        (LLM, False),
        ("someone/meta-llama-copy", False),
    ],
)
def test_gated(model: str, gated: bool) -> None:
    assert containers.is_known_gated(model) is gated
    assert bool(containers.gated_reason(model)) is gated


def test_timeouts_of_known_sizes() -> None:
    assert containers.timeouts(7.0, "gpu", False) == (300, 900)
    assert containers.timeouts(70.0, "gpu", False)[1] == 3000
    assert containers.timeouts(70.0, "gpu", True) == (1200, 900)
    assert containers.timeouts(0.1, "cpu", False) == (300, 300)
    assert containers.timeouts(None, "gpu", False) == containers.timeouts(14.0, "gpu", False)
    assert containers.timeouts(70.0, "gpu", False, 4) < containers.timeouts(70.0, "gpu", False)


SIZES = st.one_of(st.none(), st.floats(min_value=0, max_value=5000, allow_nan=False))
PROCESSORS = st.sampled_from(["gpu", "cpu", "neuron"])


@given(SIZES, PROCESSORS, st.booleans(), st.sampled_from([4, 8, 16, 32]))
def test_timeouts_are_within_sagemakers_limits(
    size: float | None, processor: str, staged: bool, bits: int
) -> None:
    for seconds in containers.timeouts(size, processor, staged, bits):  # type: ignore[arg-type]
        assert 60 <= seconds <= 3600
        assert seconds % 60 == 0
    bigger = containers.timeouts(2 * (size or 14.0), processor, staged, bits)  # type: ignore[arg-type]
    assert bigger >= containers.timeouts(size, processor, staged, bits)  # type: ignore[arg-type]


REQUESTS = st.builds(
    ContainerRequest,
    family=st.sampled_from([*KINDS, *ALIASES, "unknown"]),
    version=st.sampled_from(["", "latest", "b9522", "0.1", "1.4.5", "2.0.2", "3", "0.36.0", "99"]),
    model_id=st.none() | st.text(max_size=96) | st.sampled_from([LLM, BGE, GGUF, "tiiuae/falcon-7b"]),
    revision=st.none() | st.just("main"),
    accelerators=st.integers(0, 16),
    processor=PROCESSORS,
    compute_capability=st.none() | st.sampled_from([7.0, 7.5, 8.0, 8.9, 9.0, 12.0]),
    neuron_cores=st.integers(0, 64),
    vcpus=st.integers(0, 192),
    context_length=st.none() | st.integers(1, 10_000_000),
    task=st.none() | st.sampled_from(["feature-extraction", "text-generation"]),
    staged=st.booleans(),
    code=st.booleans(),
    token=st.booleans(),
)


@given(REQUESTS)
def test_any_request_gives_a_valid_explained_environment(given: ContainerRequest) -> None:
    found = environment(given)
    assert list(found) == list(reasons(given)) == list(environment(given))
    assert len(found) == len(containers.defaults(given)), "no variable is set twice"
    assert len(found) <= 100
    for name, value in found.items():
        assert name.isascii()
        assert name.replace("_", "").isalnum()
        assert name.isupper()
        assert len(value.encode(errors="surrogatepass")) <= 1024
        assert reasons(given)[name]
    for text in (*warnings(given), *refusals(given), *reasons(given).values()):
        assert text
        assert not text.endswith(".")


@given(REQUESTS)
def test_the_split_is_no_more_than_there_is(given: ContainerRequest) -> None:
    split = containers.tensor_parallel(given)
    devices = max(1, given.neuron_cores if given.processor == "neuron" else given.accelerators)
    assert 1 <= split <= devices
    heads = containers.attention_heads(given.model_id or "")
    assert heads is None or math.gcd(heads, split) == split


@pytest.mark.parametrize("row", KINDS.values(), ids=lambda row: row.name)
def test_every_row_is_whole(row: ContainerKind) -> None:
    assert row.title
    assert row.source
    assert bool(row.model_variable) == row.fetches == row.needs_hub_at_start
    assert bool(row.token_variable) == row.fetches
    assert row.content_type
    if row.body is not None:
        assert json.loads(containers.example_text(row.name)) == row.body


def test_example_requests() -> None:
    assert "messages" in (containers.example_body("vllm", LLM) or {})
    assert "prompt" in (containers.example_body("vllm", "mistralai/Mistral-7B-v0.1") or {})
    assert "inputs" in (containers.example_body("tgi", "tiiuae/falcon-40b") or {})
    assert containers.example_body("tei") == {"inputs": "What is Amazon SageMaker?"}
    assert containers.example_body("xgboost") is None
    assert containers.example_text("xgboost") == ""


def test_the_reference_page_is_current() -> None:
    """Refresh with ``python -m cfgen.resolve.containers > docs/reference/containers.md``."""
    assert (ROOT / "docs/reference/containers.md").read_text(encoding="utf-8") == page()


def test_the_module_prints_the_page() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cfgen.resolve.containers"], capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout == page()
    assert done.stderr == ""
