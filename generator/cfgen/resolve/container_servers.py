"""Rows of the table: servers of language models."""

from __future__ import annotations

from dataclasses import replace

from cfgen.resolve.container_kinds import CHAT, COMPLETION, GENERATE, ContainerKind, Default

_DLC = "aws/deep-learning-containers"
_LMI = "deepjavalibrary/djl-serving"
_CACHED = (
    "the model must be compiled for Neuron, or have a compilation for this instance type in the hub's "
    "aws-neuron/optimum-neuron-cache; else the container stops"
)

_VLLM = ContainerKind(
    name="vllm",
    title="vLLM",
    serves="text-generation",
    source=f"{_DLC}: scripts/docker/vllm/sagemaker_args.py; vllm-project/vllm: vllm/engine/arg_utils.py",
    fetches=True,
    # comes before whatever lies in /opt/ml/model; HF_MODEL_ID, the other name, comes after it
    model_variable="SM_VLLM_MODEL",
    staged_variable="SM_VLLM_MODEL",
    served_name_variable="SM_VLLM_SERVED_MODEL_NAME",
    revision_variable="SM_VLLM_REVISION",
    token_variable="HF_TOKEN",
    cache=("HF_HOME", "/tmp/huggingface"),
    offline_variable="HF_HUB_OFFLINE",
    trust_remote_code_variable="SM_VLLM_TRUST_REMOTE_CODE",
    quantization_variable="SM_VLLM_QUANTIZATION",
    dtype_variable="SM_VLLM_DTYPE",
    tensor_parallel_variable="SM_VLLM_TENSOR_PARALLEL_SIZE",
    max_length_variable="SM_VLLM_MAX_MODEL_LEN",
    automatic_length="auto",
    embedding_switch=("SM_VLLM_RUNNER", "pooling"),
    least_capability=7.5,  # CUDA 13 has left Volta behind
    body=CHAT,
    completion_body=COMPLETION,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
)
_SGLANG = ContainerKind(
    name="sglang",
    title="SGLang",
    serves="text-generation",
    source=f"{_DLC}: scripts/docker/sglang/sagemaker_entrypoint.sh; "
    "sgl-project/sglang: python/sglang/srt/arg_groups/fields",
    fetches=True,
    model_variable="SM_SGLANG_MODEL_PATH",
    staged_variable="SM_SGLANG_MODEL_PATH",
    served_name_variable="SM_SGLANG_SERVED_MODEL_NAME",
    revision_variable="SM_SGLANG_REVISION",
    token_variable="HF_TOKEN",
    cache=("HF_HOME", "/tmp/huggingface"),
    offline_variable="HF_HUB_OFFLINE",
    trust_remote_code_variable="SM_SGLANG_TRUST_REMOTE_CODE",
    quantization_variable="SM_SGLANG_QUANTIZATION",
    dtype_variable="SM_SGLANG_DTYPE",
    tensor_parallel_variable="SM_SGLANG_TP_SIZE",
    # no default: a request may be as long as what fits in memory, whatever the model's context
    max_length_variable="SM_SGLANG_CONTEXT_LENGTH",
    least_capability=7.5,
    body=CHAT,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
)
_LMI_VLLM = ContainerKind(
    name="djl-lmi",
    title="Large Model Inference (DJL Serving, vLLM)",
    serves="text-generation",
    source=f"{_LMI}: serving/docs/lmi/user_guides/starting-guide.md, vllm_user_guide.md",
    fetches=True,  # into /tmp, by the image's own setting
    model_variable="HF_MODEL_ID",
    staged_variable="HF_MODEL_ID",
    revision_variable="HF_REVISION",
    token_variable="HF_TOKEN",
    offline_variable="HF_HUB_OFFLINE",
    trust_remote_code_variable="OPTION_TRUST_REMOTE_CODE",
    quantization_variable="OPTION_QUANTIZE",
    dtype_variable="OPTION_DTYPE",
    float16="fp16",
    tensor_parallel_variable="OPTION_TENSOR_PARALLEL_DEGREE",
    all_devices="max",
    keeps_copies=True,
    max_length_variable="OPTION_MAX_MODEL_LEN",
    automatic_length="auto",
    loading_timeout_variable="OPTION_MODEL_LOADING_TIMEOUT",
    loading_timeout=1800,
    body=GENERATE,
    completion_body=GENERATE,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
)
_TGI = ContainerKind(
    name="huggingface-llm",
    title="Text Generation Inference",
    serves="text-generation",
    source="huggingface/text-generation-inference: sagemaker-entrypoint.sh, launcher/src/main.rs",
    fetches=True,
    model_variable="HF_MODEL_ID",
    staged_variable="HF_MODEL_ID",
    revision_variable="HF_MODEL_REVISION",
    token_variable="HF_TOKEN",
    cache=("HF_HOME", "/tmp/huggingface"),
    offline_variable="HF_HUB_OFFLINE",
    trust_remote_code_variable="HF_MODEL_TRUST_REMOTE_CODE",
    quantization_variable="HF_MODEL_QUANTIZE",
    dtype_variable="DTYPE",
    tensor_parallel_variable="SM_NUM_GPUS",
    counts_devices=False,  # the launcher looks in CUDA_VISIBLE_DEVICES only
    max_length_variable="MAX_TOTAL_TOKENS",
    note="Text Generation Inference was archived upstream in March 2026: newer models need vllm or sglang",
    # works in every version and without a chat template; messages do from 2.4 on
    body=GENERATE,
    completion_body=GENERATE,
    supports_streaming=True,
    supports_openai=True,
    supports_lora=True,
)
_LLAMA_CPP = ContainerKind(
    name="llama-cpp",
    title="llama.cpp server",
    serves="text-generation",
    source=f"{_DLC}: scripts/docker/llama_cpp/sagemaker_entrypoint.sh; "
    "ggml-org/llama.cpp: common/hf-cache.cpp",
    fetches=True,
    model_variable="SM_LLAMA_CPP_HF_REPO",
    staged_variable="SM_LLAMA_CPP_MODEL_DIR",
    served_name_variable="SM_LLAMA_CPP_ALIAS",
    token_variable="HF_TOKEN",
    cache=("LLAMA_CACHE", "/tmp/llama.cpp"),
    max_length_variable="SM_LLAMA_CPP_CTX_SIZE",
    cpu_length="4096",
    body=CHAT,
    supports_streaming=True,
    supports_openai=True,
)

SERVERS = (
    _VLLM,
    replace(_VLLM, name="vllm-server", title="vLLM (server image)"),
    replace(
        _VLLM,
        name="huggingface-vllm",
        title="vLLM (Hugging Face image)",
        source=f"{_DLC}: scripts/docker/huggingface/vllm/sagemaker_entrypoint.sh",
    ),
    _SGLANG,
    replace(_SGLANG, name="sglang-server", title="SGLang (server image)"),
    replace(_SGLANG, name="huggingface-sglang", title="SGLang (Hugging Face image)"),
    _LMI_VLLM,
    _TGI,
    _LLAMA_CPP,
    replace(_LLAMA_CPP, name="llama-cpp-arm64", title="llama.cpp server (Graviton)"),
    ContainerKind(
        name="huggingface-vllm-neuronx",
        title="vLLM (Optimum Neuron)",
        serves="text-generation",
        source="huggingface/optimum-neuron: docker/vllm/Dockerfile, optimum/commands/neuron/serve.py",
        fetches=True,  # into /tmp, by the image's own setting; compilations too, so never offline
        model_variable="SM_ON_MODEL",
        staged_variable="SM_ON_MODEL",
        served_name_variable="SM_ON_SERVED_MODEL_NAME",
        revision_variable="SM_ON_REVISION",
        token_variable="HF_TOKEN",
        # cores, batch and length follow from the compilation found; a length narrows the search
        max_length_variable="SM_ON_SEQUENCE_LENGTH",
        note=_CACHED,
        body=CHAT,
        completion_body=COMPLETION,
        supports_streaming=True,
        supports_openai=True,
    ),
    replace(
        _TGI,
        name="huggingface-llm-neuronx",
        title="Text Generation Inference (Neuron)",
        source="huggingface/text-generation-inference: backends/neuron; "
        "awslabs/llm-hosting-container: huggingface/pytorch/optimum/docker",
        # the entrypoint of 0.3.0 passes HF_MODEL_ID on to nothing
        model_variable="MODEL_ID",
        staged_variable="MODEL_ID",
        revision_variable="REVISION",
        cache=("", ""),
        offline_variable="",
        trust_remote_code_variable="TRUST_REMOTE_CODE",
        quantization_variable="",
        dtype_variable="",
        tensor_parallel_variable="",
        note=f"archived upstream in March 2026, prefer huggingface-vllm-neuronx; {_CACHED}",
        supports_lora=False,
    ),
    replace(
        _LMI_VLLM,
        name="djl-neuronx",
        title="Large Model Inference (DJL Serving, Transformers NeuronX)",
        source=f"{_LMI}: serving/docs/lmi/user_guides/tnx_user_guide.md (0.29.0)",
        offline_variable="",
        all_devices="",
        counts_devices=False,
        max_length_variable="OPTION_N_POSITIONS",
        automatic_length="",
        default_length="2048",  # the handler's own is 128
        extras=(
            Default("OPTION_ENTRYPOINT", "djl_python.transformers_neuronx", "the handler for Neuron cores"),
            Default("OPTION_ROLLING_BATCH", "auto", "requests join a batch as they come"),
            Default("OPTION_MODEL_LOADING_TIMEOUT", "3600", "compiling may outlast the server's half hour"),
        ),
        note="the last image of this family is of 2024 (Neuron SDK 2.19): prefer huggingface-vllm-neuronx",
        supports_openai=False,
        supports_lora=False,
    ),
)
