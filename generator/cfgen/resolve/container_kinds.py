"""What is known of each image family: the names its SageMaker entrypoint reads, and how its endpoint is called.

One row a family, under the catalogue's name; ``SINCE`` corrects a row for older images. Facts only: which of the
variables are set, and to what, is decided in ``container_defaults``.

Sources are named by repository and file in ``docs/reference/containers.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from cfgen.catalogue.families import canonical
from cfgen.catalogue.versions import version_key

Serves = Literal["text-generation", "embedding", "general"]
Processor = Literal["gpu", "cpu", "neuron"]

PROMPT = "What is Amazon SageMaker?"
CHAT: Mapping[str, Any] = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 128}
COMPLETION: Mapping[str, Any] = {"prompt": PROMPT, "max_tokens": 128}
GENERATE: Mapping[str, Any] = {"inputs": PROMPT, "parameters": {"max_new_tokens": 128}}
INPUTS: Mapping[str, Any] = {"inputs": PROMPT}

_SAGEMAKER_DLC = "aws/deep-learning-containers"
_LMI = "deepjavalibrary/djl-serving"


@dataclass(frozen=True, slots=True)
class ContainerKind:
    """One image family. An empty variable name: the family has no such setting, or decides by itself."""

    name: str
    serves: Serves
    title: str = ""
    fetches: bool = False
    """The container itself fetches the model from the hub when it is not staged."""
    model_variable: str = ""
    staged_variable: str = ""
    """What names ``/opt/ml/model``; empty where the container looks there by itself or must not be told."""
    served_name_variable: str = ""
    revision_variable: str = ""
    token_variable: str = ""
    tensor_parallel_variable: str = ""
    max_length_variable: str = ""
    automatic_length: str = ""
    """The value of ``max_length_variable`` with which the server takes what fits in memory."""
    default_length: str = ""
    """Its value when the spec asks for none and the container cannot do without."""
    dtype_variable: str = ""
    quantization_variable: str = ""
    trust_remote_code_variable: str = ""
    task_variable: str = ""
    cache: tuple[str, str] = ("", "")
    """Variable and folder of the download cache, where the image's own lies on the small root volume."""
    offline_variable: str = ""
    program_variable: str = ""
    body: Mapping[str, Any] | None = None
    completion_body: Mapping[str, Any] | None = None
    """For models without a chat template."""
    content_type: str = "application/json"
    supports_streaming: bool = False
    supports_openai: bool = False
    supports_lora: bool = False
    source: str = ""

    @property
    def needs_hub_at_start(self) -> bool:
        """Whether a model that is not staged is downloaded while the container starts."""
        return self.fetches


_VLLM = ContainerKind(
    name="vllm",
    serves="text-generation",
    title="vLLM",
    fetches=True,
    model_variable="SM_VLLM_MODEL",
    staged_variable="SM_VLLM_MODEL",
    served_name_variable="SM_VLLM_SERVED_MODEL_NAME",
    revision_variable="SM_VLLM_REVISION",
    token_variable="HF_TOKEN",
    tensor_parallel_variable="SM_VLLM_TENSOR_PARALLEL_SIZE",
    max_length_variable="SM_VLLM_MAX_MODEL_LEN",
    automatic_length="auto",
    dtype_variable="SM_VLLM_DTYPE",
    quantization_variable="SM_VLLM_QUANTIZATION",
    trust_remote_code_variable="SM_VLLM_TRUST_REMOTE_CODE",
    cache=("HF_HOME", "/tmp/huggingface"),
    offline_variable="HF_HUB_OFFLINE",
    body=CHAT,
    completion_body=COMPLETION,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
    source=f"{_SAGEMAKER_DLC}: scripts/docker/vllm/sagemaker_args.py",
)
_SGLANG = ContainerKind(
    name="sglang",
    serves="text-generation",
    title="SGLang",
    fetches=True,
    model_variable="SM_SGLANG_MODEL_PATH",
    staged_variable="SM_SGLANG_MODEL_PATH",
    served_name_variable="SM_SGLANG_SERVED_MODEL_NAME",
    revision_variable="SM_SGLANG_REVISION",
    token_variable="HF_TOKEN",
    tensor_parallel_variable="SM_SGLANG_TP_SIZE",
    max_length_variable="SM_SGLANG_CONTEXT_LENGTH",
    dtype_variable="SM_SGLANG_DTYPE",
    quantization_variable="SM_SGLANG_QUANTIZATION",
    trust_remote_code_variable="SM_SGLANG_TRUST_REMOTE_CODE",
    cache=("HF_HOME", "/tmp/huggingface"),
    offline_variable="HF_HUB_OFFLINE",
    body=CHAT,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
    source=f"{_SAGEMAKER_DLC}: scripts/docker/sglang/sagemaker_entrypoint.sh",
)
_LMI_VLLM = ContainerKind(
    name="djl-lmi",
    serves="text-generation",
    title="Large Model Inference (DJL Serving, vLLM)",
    fetches=True,
    model_variable="HF_MODEL_ID",
    staged_variable="HF_MODEL_ID",
    revision_variable="HF_REVISION",
    token_variable="HF_TOKEN",
    tensor_parallel_variable="OPTION_TENSOR_PARALLEL_DEGREE",
    max_length_variable="OPTION_MAX_MODEL_LEN",
    automatic_length="auto",
    dtype_variable="OPTION_DTYPE",
    quantization_variable="OPTION_QUANTIZE",
    trust_remote_code_variable="OPTION_TRUST_REMOTE_CODE",
    offline_variable="HF_HUB_OFFLINE",
    body=GENERATE,
    completion_body=GENERATE,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
    source=f"{_LMI}: serving/docs/lmi/user_guides/starting-guide.md, vllm_user_guide.md",
)
_TGI = ContainerKind(
    name="huggingface-llm",
    serves="text-generation",
    title="Text Generation Inference",
    fetches=True,
    model_variable="HF_MODEL_ID",
    staged_variable="HF_MODEL_ID",
    revision_variable="HF_MODEL_REVISION",
    token_variable="HF_TOKEN",
    tensor_parallel_variable="SM_NUM_GPUS",
    max_length_variable="MAX_TOTAL_TOKENS",
    dtype_variable="DTYPE",
    quantization_variable="HF_MODEL_QUANTIZE",
    trust_remote_code_variable="HF_MODEL_TRUST_REMOTE_CODE",
    cache=("HF_HOME", "/tmp/huggingface"),
    offline_variable="HF_HUB_OFFLINE",
    # {"inputs": …} works in every version and for models without a chat template; messages from 2.4 on
    body=GENERATE,
    completion_body=GENERATE,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
    source="huggingface/text-generation-inference: sagemaker-entrypoint.sh, launcher/src/main.rs",
)
_TEI = ContainerKind(
    name="huggingface-tei",
    serves="embedding",
    title="Text Embeddings Inference (GPU)",
    fetches=True,
    model_variable="HF_MODEL_ID",
    staged_variable="HF_MODEL_ID",
    revision_variable="HF_MODEL_REVISION",
    token_variable="HF_TOKEN",
    dtype_variable="DTYPE",
    body=INPUTS,
    source="huggingface/text-embeddings-inference: sagemaker-entrypoint.sh, router/src/main.rs",
)
_TOOLKIT = ContainerKind(
    name="huggingface",
    serves="general",
    title="Hugging Face Inference Toolkit (PyTorch)",
    fetches=True,
    model_variable="HF_MODEL_ID",
    revision_variable="HF_MODEL_REVISION",
    token_variable="HF_API_TOKEN",
    trust_remote_code_variable="HF_TRUST_REMOTE_CODE",
    task_variable="HF_TASK",
    offline_variable="HF_HUB_OFFLINE",
    program_variable="SAGEMAKER_PROGRAM",
    body=INPUTS,
    source="aws/sagemaker-huggingface-inference-toolkit: mms_model_server.py, transformers_utils.py, handler_service.py",
)
_LLAMA_CPP = ContainerKind(
    name="llama-cpp",
    serves="text-generation",
    title="llama.cpp server",
    fetches=True,
    model_variable="SM_LLAMA_CPP_HF_REPO",
    staged_variable="SM_LLAMA_CPP_MODEL_DIR",
    served_name_variable="SM_LLAMA_CPP_ALIAS",
    token_variable="HF_TOKEN",
    max_length_variable="SM_LLAMA_CPP_CTX_SIZE",
    cache=("LLAMA_CACHE", "/tmp/llama.cpp"),
    body=CHAT,
    supports_streaming=True,
    supports_openai=True,
    source=f"{_SAGEMAKER_DLC}: scripts/docker/llama_cpp/sagemaker_entrypoint.sh",
)
_SCRIPT = ContainerKind(
    name="pytorch",
    serves="general",
    title="PyTorch",
    program_variable="SAGEMAKER_PROGRAM",
    source="aws/sagemaker-inference-toolkit: environment.py",
)

CUSTOM = ContainerKind(name="custom", serves="general", title="An image of your own")

_ROWS = (
    _VLLM,
    replace(_VLLM, name="vllm-server", title="vLLM (server image)"),
    replace(
        _VLLM,
        name="huggingface-vllm",
        title="vLLM (Hugging Face image)",
        source=f"{_SAGEMAKER_DLC}: scripts/docker/huggingface/vllm/sagemaker_entrypoint.sh",
    ),
    _SGLANG,
    replace(_SGLANG, name="sglang-server", title="SGLang (server image)"),
    replace(_SGLANG, name="huggingface-sglang", title="SGLang (Hugging Face image)"),
    _LMI_VLLM,
    _TGI,
    _TEI,
    replace(_TEI, name="huggingface-tei-cpu", title="Text Embeddings Inference (CPU)"),
    _TOOLKIT,
    _LLAMA_CPP,
    replace(_LLAMA_CPP, name="llama-cpp-arm64", title="llama.cpp server (Graviton)"),
    replace(
        _TOOLKIT,
        name="huggingface-neuronx",
        title="Hugging Face Inference Toolkit (Neuron)",
        max_length_variable="HF_OPTIMUM_SEQUENCE_LENGTH",
        default_length="512",
        offline_variable="",
    ),
    ContainerKind(
        name="huggingface-vllm-neuronx",
        serves="text-generation",
        title="vLLM (Optimum Neuron)",
        fetches=True,
        model_variable="SM_ON_MODEL",
        staged_variable="SM_ON_MODEL",
        served_name_variable="SM_ON_SERVED_MODEL_NAME",
        revision_variable="SM_ON_REVISION",
        token_variable="HF_TOKEN",
        max_length_variable="SM_ON_SEQUENCE_LENGTH",
        body=CHAT,
        completion_body=COMPLETION,
        supports_streaming=True,
        supports_openai=True,
        source="huggingface/optimum-neuron: docker/vllm/Dockerfile, optimum/commands/neuron/serve.py",
    ),
    replace(
        _TGI,
        name="huggingface-llm-neuronx",
        title="Text Generation Inference (Neuron)",
        model_variable="MODEL_ID",
        staged_variable="MODEL_ID",
        revision_variable="REVISION",
        tensor_parallel_variable="",
        dtype_variable="",
        quantization_variable="",
        trust_remote_code_variable="TRUST_REMOTE_CODE",
        cache=("", ""),
        offline_variable="",
        supports_lora=False,
        source="huggingface/text-generation-inference: backends/neuron; "
        "awslabs/llm-hosting-container: huggingface/pytorch/optimum/docker",
    ),
    replace(
        _LMI_VLLM,
        name="djl-neuronx",
        title="Large Model Inference (DJL Serving, Transformers NeuronX)",
        max_length_variable="OPTION_N_POSITIONS",
        automatic_length="",
        default_length="2048",
        offline_variable="",
        supports_openai=False,
        supports_lora=False,
        source=f"{_LMI}: serving/docs/lmi/user_guides/tnx_user_guide.md (0.29.0)",
    ),
    _SCRIPT,
    replace(
        _SCRIPT,
        name="sklearn",
        title="scikit-learn",
        content_type="text/csv",
        source="aws/sagemaker-scikit-learn-container: serving.py",
    ),
    replace(
        _SCRIPT,
        name="xgboost",
        title="XGBoost",
        content_type="text/csv",
        source="aws/sagemaker-xgboost-container: serving.py",
    ),
    ContainerKind(
        name="tensorflow",
        serves="general",
        title="TensorFlow Serving",
        body={"instances": [[1.0, 2.0, 3.0]]},
        source="aws/sagemaker-tensorflow-serving-container: serve.py",
    ),
    ContainerKind(
        name="sagemaker-tritonserver",
        serves="general",
        title="Triton Inference Server",
        content_type="application/octet-stream",
        source="triton-inference-server/server: docker/sagemaker/serve",
    ),
)
KINDS: Mapping[str, ContainerKind] = {row.name: row for row in _ROWS}

# family → (first version the row above is right for, what is different before); the first that applies wins
BEFORE: Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]] = {
    "vllm": (("0.14", {"automatic_length": ""}),),
    "huggingface-vllm": (("0.14", {"automatic_length": ""}),),
    # 0.36.0 is LMI 18 to 28; SageMaker's catalogue means LMI 27, whose vLLM knows "auto" (from LMI 19 on)
    "djl-lmi": (("0.36", {"automatic_length": ""}),),
    "huggingface-llm": (("2.1", {"token_variable": "HUGGING_FACE_HUB_TOKEN"}),),
    "huggingface-tei": (
        ("1.6", {"token_variable": "HF_API_TOKEN", "cache": ("HUGGINGFACE_HUB_CACHE", "/tmp")}),
        ("1.7", {"token_variable": "HF_API_TOKEN"}),
    ),
    "huggingface-tei-cpu": (
        ("1.6", {"token_variable": "HF_API_TOKEN", "cache": ("HUGGINGFACE_HUB_CACHE", "/tmp")}),
        ("1.7", {"token_variable": "HF_API_TOKEN"}),
    ),
    "huggingface-llm-neuronx": (
        (
            "0.3",
            {
                "model_variable": "HF_MODEL_ID",
                "staged_variable": "HF_MODEL_ID",
                "revision_variable": "HF_MODEL_REVISION",
                "trust_remote_code_variable": "HF_MODEL_TRUST_REMOTE_CODE",
            },
        ),
    ),
    "huggingface-vllm-neuronx": (("0.4.2", {"revision_variable": ""}),),
}


def older(version: str, than: str) -> bool:
    """Whether ``version`` is known and comes before ``than``; an unknown version counts as the newest."""
    return bool(version) and version[0].isdigit() and version_key(version) < version_key(than)


def kind(family: str, version: str = "") -> ContainerKind:
    """The row of a family (or of another name of it), as of ``version``; an image cfgen does not know is ``custom``."""
    row = KINDS.get(canonical(family), CUSTOM)
    for first, changes in BEFORE.get(row.name, ()):
        if older(version, first):
            return replace(row, **changes)
    return row
