"""The environment a container starts with when the spec says no more than model, container and instance type.

Every default has a reason, and is left out where the server's own default is right: what is set is what a person
would have to find out. The spec's ``env`` is merged over it by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cfgen.resolve.container_kinds import ContainerKind, Processor, kind, older
from cfgen.resolve.container_models import (
    attention_heads,
    estimated_bits,
    estimated_parameters,
    is_embedding_model,
)
from cfgen.resolve.container_timeouts import timeouts

MODEL_DIR = "/opt/ml/model"
CODE_DIR = f"{MODEL_DIR}/code"
EMBEDDING_TASKS = ("feature-extraction", "sentence-similarity")


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """What is known of a container when its environment is decided.

    ``staged``: the weights lie in ``/opt/ml/model``, put there from S3; else the container fetches them from the hub.
    ``code``: the user's ``inference.py`` lies in ``/opt/ml/model/code``. ``token``: a hub token will be provided.
    """

    family: str
    version: str = ""
    model_id: str | None = None
    revision: str | None = None
    accelerators: int = 0
    processor: Processor = "gpu"
    compute_capability: float | None = None
    neuron_cores: int = 0
    vcpus: int = 0
    context_length: int | None = None
    task: str | None = None
    staged: bool = False
    code: bool = False
    token: bool = False


@dataclass(frozen=True, slots=True)
class Default:
    """One variable, its value and why it is there."""

    name: str
    value: str
    reason: str


def tensor_parallel(request: ContainerRequest) -> int:
    """Over how many accelerators the model is split: all, or as many as its attention heads divide among."""
    if request.processor == "neuron":
        # Transformers NeuronX splits over 1, 2, 4, 8 … cores; ml.inf2.24xlarge has 12
        devices = 1 << (max(1, request.neuron_cores).bit_length() - 1)
    else:
        devices = max(1, request.accelerators)
    heads = attention_heads(request.model_id) if request.model_id else None
    # the greatest common divisor, not the greatest divisor: layer widths are multiples of powers of two, not of 3
    return math.gcd(devices, heads) if heads else devices


def defaults(request: ContainerRequest) -> tuple[Default, ...]:
    """Everything cfgen sets for a container, in the order a reader wants it."""
    row = kind(request.family, request.version)
    found: dict[str, Default] = {}
    for part in (_model, _parallel, _length, _task, _code, _download, _family):
        for default in part(request, row):
            found.setdefault(default.name, default)
    return tuple(found.values())


def _model(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if request.staged:
        if row.staged_variable:
            yield Default(
                row.staged_variable, MODEL_DIR, "the weights are staged: SageMaker copies them there from S3"
            )
        if row.served_name_variable and request.model_id:
            yield Default(
                row.served_name_variable,
                request.model_id,
                "callers name the model by its id, as they would if it came from the hub",
            )
        return
    if row.model_variable and request.model_id:
        yield Default(row.model_variable, request.model_id, "the model the container downloads from the hub")
        if row.revision_variable and request.revision:
            yield Default(row.revision_variable, request.revision, "the commit the spec pins")


def _parallel(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    name, split = row.tensor_parallel_variable, tensor_parallel(request)
    if not name:
        return
    if row.name == "djl-neuronx":
        yield Default(
            name, str(split), f"one shard on each of {split} of {request.neuron_cores} Neuron cores"
        )
    elif row.name == "huggingface-llm" and request.processor == "gpu":
        # the launcher counts GPUs in CUDA_VISIBLE_DEVICES only, and takes one when that is absent
        yield Default(name, str(split), f"one shard on each of {split} GPUs")
    elif request.accelerators > 1:
        everything = split == request.accelerators
        value = "max" if everything and row.name == "djl-lmi" else str(split)
        reason = (
            f"the model is split over all {split} GPUs"
            if everything
            else (
                f"{request.model_id} has {attention_heads(request.model_id or '')} attention heads: "
                f"they divide among {split} GPUs, not among {request.accelerators}"
            )
        )
        yield Default(name, value, reason)


def _length(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    name, asked = row.max_length_variable, request.context_length
    if not name:
        return
    if asked is not None:
        yield Default(name, str(asked), "the context length the spec asks for")
        if row.name == "huggingface-llm" and older(request.version, "3"):
            # before 3.0 both limits are checked at start-up, and the second keeps a small default of its own
            other = "MAX_INPUT_LENGTH" if older(request.version, "2") else "MAX_INPUT_TOKENS"
            yield Default(
                other, str(max(1, asked - 1)), "the longest prompt; must be less than MAX_TOTAL_TOKENS"
            )
            if older(request.version, "2") and asked > 4096:
                yield Default(
                    "MAX_BATCH_PREFILL_TOKENS", str(asked), "must not be less than MAX_INPUT_LENGTH"
                )
    elif row.automatic_length and request.processor == "gpu":
        yield Default(
            name,
            row.automatic_length,
            "the model's own length, or what fits beside the weights in GPU memory: "
            "without it a model with a long context does not start",
        )
    elif row.default_length:
        yield Default(name, row.default_length, "the compiler needs a fixed length; the spec asks for none")


def _task(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if row.task_variable:
        if request.task:
            yield Default(row.task_variable, request.task, "the task the spec names")
        elif not request.code and request.model_id and is_embedding_model(request.model_id):
            # the toolkit knows tasks by the architecture's ending (…ForCausalLM); a bare encoder has none
            yield Default(
                row.task_variable,
                "feature-extraction",
                "an embedding model's architecture does not tell the toolkit its task",
            )
    elif row.name in ("vllm", "vllm-server", "huggingface-vllm") and request.task in EMBEDDING_TASKS:
        yield Default("SM_VLLM_RUNNER", "pooling", "the task is embedding: no text is generated")


def _code(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if request.code and row.program_variable:
        yield Default(row.program_variable, "inference.py", "the file with the user's handlers")
        yield Default("SAGEMAKER_SUBMIT_DIRECTORY", CODE_DIR, "where SageMaker unpacks the user's code")


def _download(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if request.staged and row.offline_variable:
        yield Default(
            row.offline_variable, "1", "nothing is to be fetched: no waiting for a hub that cannot be reached"
        )
    elif not request.staged and request.model_id and row.cache[0]:
        yield Default(*row.cache, "the root volume is small; /tmp lies on the instance's storage volume")


def _family(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if row.name == "huggingface" and request.processor == "cpu":
        size = estimated_parameters(request.model_id) if request.model_id else None
        if size is not None and size >= 1:
            yield Default(
                "SAGEMAKER_MODEL_SERVER_WORKERS",
                "1",
                "the server starts a worker on each vCPU, each with a copy of the model",
            )
    if row.name == "huggingface-neuronx":
        yield Default("HF_OPTIMUM_BATCH_SIZE", "1", "the compiler needs a fixed batch size")
    if row.name == "huggingface-llm-neuronx" and older(request.version, "0.3"):
        yield Default(
            "MAX_BATCH_SIZE", "4", "the entrypoint exits without it; most cached compilations are for 4"
        )
    if row.name == "llama-cpp" and request.processor == "cpu" and request.context_length is None:
        yield Default(
            row.max_length_variable, "4096", "a model's whole context seldom fits in memory without a GPU"
        )
    if row.name == "djl-neuronx":
        yield Default("OPTION_ENTRYPOINT", "djl_python.transformers_neuronx", "the handler for Neuron cores")
        yield Default("OPTION_ROLLING_BATCH", "auto", "batches are formed as requests come")
        yield Default(
            "OPTION_MODEL_LOADING_TIMEOUT", "3600", "compiling takes longer than the server's half hour"
        )
    if row.name == "djl-lmi" and request.model_id:
        size, bits = estimated_parameters(request.model_id), estimated_bits(request.model_id)
        startup = timeouts(size, request.processor, request.staged, bits)[1]
        if size is not None and startup > 1800:
            yield Default(
                "OPTION_MODEL_LOADING_TIMEOUT",
                str(startup),
                "loading may take longer than the server's half hour",
            )
