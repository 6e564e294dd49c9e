"""The environment a container starts with when the spec gives only model, container and instance type.

Every default has a reason, and is left out where the server's own default is right: what is set is what a
person would have to find out. The spec's ``env`` is merged over it by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cfgen.resolve.container_kinds import ContainerKind, Default, Processor
from cfgen.resolve.container_models import (
    attention_heads,
    estimated_bits,
    estimated_parameters,
    is_embedding_model,
)
from cfgen.resolve.container_table import kind
from cfgen.resolve.container_timeouts import timeouts

MODEL_DIR = "/opt/ml/model"
CODE_DIR = f"{MODEL_DIR}/code"
EMBEDDING_TASKS = ("feature-extraction", "sentence-similarity")
# billions of parameters from which a copy of the model on each vCPU, or a minute to load it, is too much
LARGE = 1.0


@dataclass(frozen=True, slots=True)
class SizedFor:
    """What sizing decided: over how many GPUs the model is split, its attention heads, the type its weights must be
    converted to (or empty), and the context that was counted with."""

    split: int
    attention_heads: int
    dtype: str
    context: int


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """What is known of a container when its environment is decided.

    ``staged``: the weights lie in ``/opt/ml/model``, put there from S3; else the container fetches them.
    ``code``: the user's ``inference.py`` lies in ``/opt/ml/model/code``. ``token``: a hub token is provided.
    ``dtype_given``: the spec's environment says in which type to serve.
    ``sized``: what is known better, when the instance type was chosen by the model's own figures.
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
    sized: SizedFor | None = None
    dtype_given: bool = False


def tensor_parallel(request: ContainerRequest) -> int:
    """Over how many accelerators the model is split: all, or as many as its attention heads divide among."""
    devices = max(1, request.accelerators)
    if request.sized is not None:
        return max(1, request.sized.split)
    if request.processor == "neuron":
        # Transformers NeuronX splits over 1, 2, 4, 8 … cores; ml.inf2.24xlarge has 12
        devices = 1 << (max(1, request.neuron_cores).bit_length() - 1)
    heads = attention_heads(request.model_id) if request.model_id else None
    # the greatest common divisor, not the greatest divisor: layers are as wide as a multiple of 2ⁿ, not of 3
    return math.gcd(devices, heads) if heads else devices


def defaults(request: ContainerRequest) -> tuple[Default, ...]:
    """Everything cfgen sets for a container, in the order a reader wants it."""
    row = kind(request.family, request.version)
    parts = (_model, _parallel, _dtype, _length, _task, _code, _download, _loading)
    return (*(default for part in parts for default in part(request, row)), *row.extras)


def _model(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if request.staged:
        if row.staged_variable:
            yield Default(
                row.staged_variable, MODEL_DIR, "where SageMaker puts weights that are staged in S3"
            )
        if row.served_name_variable and request.model_id:
            yield Default(
                row.served_name_variable,
                request.model_id,
                "callers name the model by its id, as when it comes from the hub",
            )
    elif row.model_variable and request.model_id:
        yield Default(row.model_variable, request.model_id, "the model the container fetches from the hub")
        if row.revision_variable and request.revision:
            yield Default(row.revision_variable, request.revision, "the revision the spec pins")


def _parallel(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    devices = request.neuron_cores if request.processor == "neuron" else request.accelerators
    if not row.tensor_parallel_variable or devices < (2 if row.counts_devices else 1):
        return
    split = tensor_parallel(request)
    what = "Neuron cores" if request.processor == "neuron" else "GPUs"
    if split == devices:
        value, reason = row.all_devices or str(split), f"the model is split over all {split} {what}"
        if split == 1:
            reason = "the launcher does not count devices; there is one"
    else:
        value, reason = str(split), f"split over {split} of {devices} {what}: {_why_fewer(request)}"
    yield Default(row.tensor_parallel_variable, value, reason)


def _dtype(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if request.sized and request.sized.dtype and row.dtype_variable:
        yield Default(
            row.dtype_variable, row.float16, "the weights are bfloat16, which this GPU does not have"
        )


def heads_of(request: ContainerRequest) -> int | None:
    """The model's attention heads, where they are known."""
    if request.sized is not None and request.sized.attention_heads:
        return request.sized.attention_heads
    return attention_heads(request.model_id) if request.model_id else None


def _why_fewer(request: ContainerRequest) -> str:
    heads = heads_of(request)
    return f"it has {heads} attention heads" if heads else "a power of two is needed"


def _length(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    name, asked = row.max_length_variable, request.context_length
    if not name:
        return
    if asked is not None:
        yield from _limited(asked, "the context length the spec asks for", row)
    elif request.sized and request.sized.split and row.length_note:
        # left to itself, this version takes too much or too little
        yield from _limited(request.sized.context, "the context the instance type was chosen for", row)
    elif row.automatic_length and request.processor == "gpu":
        yield Default(
            name,
            row.automatic_length,
            "the model's own, or less if that does not fit beside the weights in GPU memory: "
            "by default the server would stop",
        )
    elif row.cpu_length and request.processor == "cpu":
        yield Default(name, row.cpu_length, "without a GPU a model's whole context seldom fits in memory")
    elif row.default_length:
        yield Default(
            name, row.default_length, "the compiler needs a fixed length, and the spec asks for none"
        )


def _limited(length: int, reason: str, row: ContainerKind) -> Iterator[Default]:
    name, prompt = row.max_length_variable, row.prompt_variable
    yield Default(name, str(length), reason)
    if prompt:
        yield Default(prompt, str(max(1, length - 1)), f"the prompt; must be less than {name}")
    if row.prefill_variable and length > 4096:
        yield Default(row.prefill_variable, str(length), f"must not be less than {prompt}")


def _task(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if row.task_variable and request.task:
        yield Default(row.task_variable, request.task, "the task the spec names")
    elif row.task_variable and request.model_id and not request.code and is_embedding_model(request.model_id):
        # the toolkit tells tasks by the ending of the architecture's name (…ForCausalLM); an encoder has none
        yield Default(row.task_variable, "feature-extraction", "the name is one of an embedding model")
    elif row.embedding_switch[0] and request.task in EMBEDDING_TASKS:
        yield Default(*row.embedding_switch, "the task is embedding: no text is generated")


def _code(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if row.program_variable and (request.code or (row.needs_program and request.staged)):
        yield Default(row.program_variable, "inference.py", "the file with your handlers")
        yield Default("SAGEMAKER_SUBMIT_DIRECTORY", CODE_DIR, "where your code lies beside the model")


def _download(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    if request.staged and row.offline_variable:
        yield Default(row.offline_variable, "1", "everything is there: no waiting for a hub out of reach")
    elif not request.staged and request.model_id and row.cache[0]:
        yield Default(*row.cache, "the root volume is small; /tmp lies on the instance's storage")


def _loading(request: ContainerRequest, row: ContainerKind) -> Iterator[Default]:
    size = estimated_parameters(request.model_id) if request.model_id else None
    if size is None or size < LARGE:
        return
    if row.copy_each_vcpu and request.processor == "cpu":
        yield Default(
            "SAGEMAKER_MODEL_SERVER_WORKERS",
            "1",
            "else a worker starts on each vCPU, each with a copy of the model",
        )
    limit = row.loading_timeout_variable
    if limit and all(extra.name != limit for extra in row.extras):
        bits = estimated_bits(request.model_id or "")
        startup = timeouts(size, request.processor, request.staged, bits)[1]
        if startup > row.loading_timeout:
            yield Default(
                limit, str(startup), f"loading may outlast the server's {row.loading_timeout} seconds"
            )
