"""What a user should hear about a container before it is deployed, and what cannot work at all."""

from __future__ import annotations

from collections.abc import Iterator

from cfgen.resolve.container_defaults import EMBEDDING_TASKS, ContainerRequest, defaults, tensor_parallel
from cfgen.resolve.container_kinds import ContainerKind, kind, older
from cfgen.resolve.container_models import (
    attention_heads,
    estimated_bits,
    estimated_parameters,
    gated_reason,
    has_own_code,
)

# compute capabilities: bfloat16 needs 8.0 (the T4 of ml.g4dn has 7.5); the servers' own floor is 7.5
BFLOAT16 = 8.0
LEAST_CAPABILITY = 7.5
# gigabytes the toolkit can download: its folder lies on the root volume, 50 GB, of which images take about 27
TOOLKIT_ROOM = 20.0


def warnings(request: ContainerRequest) -> list[str]:
    """One sentence each, most important first; none of them stops a deployment."""
    row = kind(request.family, request.version)
    return [text for part in (_access, _hardware, _length, _model, _age) for text in part(request, row)]


def refusals(request: ContainerRequest) -> list[str]:
    """Why the container cannot start, where that is known for certain."""
    row = kind(request.family, request.version)
    found: list[str] = []
    capability = request.compute_capability
    if row.serves != "general" and capability is not None and request.processor == "gpu":
        if capability < LEAST_CAPABILITY and row.name not in ("huggingface-llm", "llama-cpp"):
            found.append(
                f"{row.title} needs a GPU of compute capability {LEAST_CAPABILITY} or more; this one has {capability}"
            )
        elif row.name == "huggingface-tei" and capability >= 10 and older(request.version or "1.8", "1.9"):
            found.append(
                f"{row.title} {request.version or '1.8'} has no program for compute capability {capability}: "
                "choose an instance type with an older GPU (ml.g6, ml.g6e, ml.p5)"
            )
    if row.name == "sagemaker-tritonserver" and not request.staged:
        found.append("Triton serves a model repository from S3; it cannot fetch a model from the hub")
    if row.name == "sklearn" and not request.code:
        found.append("the scikit-learn container needs an inference.py that loads the model")
    if row.name != "custom" and not row.fetches and request.model_id and not (request.staged or request.code):
        found.append(
            f"{row.title} cannot fetch {request.model_id} from the hub: stage it to S3, with code that loads it"
        )
    return found


def _access(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    if not request.model_id or request.staged or not row.fetches:
        return
    why = gated_reason(request.model_id)
    if why and not request.token:
        yield f"{request.model_id} is gated ({why}): without a token of an account that did, the download is refused"
    if request.revision and not row.revision_variable:
        yield f"{row.title} cannot pin a revision; stage the model to S3 to fix what is served"


def _hardware(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    capability, devices = request.compute_capability, request.accelerators
    if request.processor == "gpu" and row.serves == "text-generation":
        if capability is not None and capability < BFLOAT16 and row.name != "llama-cpp":
            yield (
                "this GPU has no bfloat16: the server falls back to float16, and to float32 (twice the memory) "
                "for models that float16 makes unstable (Gemma 2 and 3, GLM-4)"
            )
        if row.tensor_parallel_variable and request.model_id:
            split = tensor_parallel(request)
            if split < devices:
                yield (
                    f"{request.model_id} has {attention_heads(request.model_id)} attention heads: it runs on {split} "
                    f"of the instance's {devices} GPUs; a smaller instance type does the same"
                )
            elif devices & (devices - 1):
                yield f"{devices} GPUs is not a power of two: few models split evenly; set {row.tensor_parallel_variable}"
    if row.serves == "embedding" and devices > 1:
        yield f"{row.title} uses one GPU; the other {devices - 1} stay idle"
    if request.processor == "neuron" and row.name in ("huggingface-vllm-neuronx", "huggingface-llm-neuronx"):
        yield (
            "the model must be compiled for Neuron, or have a compilation for this instance type in the hub's "
            "aws-neuron/optimum-neuron-cache: else the container stops"
        )


def _length(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    asked, name = request.context_length, row.max_length_variable
    if asked is not None:
        if not name and row.name != "custom":
            yield f"{row.title} has no setting for the context length; what the spec asks for is not passed on"
        return
    set_by_us = {default.name: default.value for default in defaults(request)}
    if row.name == "huggingface-llm" and older(request.version, "3"):
        limit = "1,024 tokens in, 2,048 in all" if older(request.version, "2") else "4,096 tokens in all"
        yield f"this version serves at most {limit} unless the spec gives endpoint.context"
    elif row.name in ("vllm", "huggingface-vllm", "djl-lmi") and not row.automatic_length:
        yield (
            "this version reserves memory for the model's whole context and stops when it does not fit: "
            "give endpoint.context for a model with a long one"
        )
    elif name in set_by_us and (
        row.default_length or (row.name == "llama-cpp" and request.processor == "cpu")
    ):
        yield f"the context is limited to {set_by_us[name]} tokens; endpoint.context changes it"


def _model(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    model = request.model_id
    if not model:
        return
    if row.trust_remote_code_variable and has_own_code(model):
        yield (
            f"{model} may bring code of its own: read it, pin a revision, then set "
            f"{row.trust_remote_code_variable}: 'true' in env if the container asks for it"
        )
    if row.name.startswith("llama-cpp") and "gguf" not in model.lower() and not request.staged:
        yield f"llama.cpp serves GGUF files; {model} does not look like a repository of them"
    if row.name.startswith("sglang") and request.task in EMBEDDING_TASKS:
        yield "SGLang answers chat completions only on a SageMaker endpoint: use vllm or tei for embeddings"
    if row.task_variable and not request.code:
        if not any(default.name == row.task_variable for default in defaults(request)):
            yield "the task is guessed from the model's architecture; name it (task) if the container cannot"
        size = estimated_parameters(model)
        if not request.staged and size is not None and size * estimated_bits(model) / 8 > TOOLKIT_ROOM:
            yield (
                f"{row.title} downloads to the root volume, which has room for about {TOOLKIT_ROOM:.0f} GB: "
                "stage the model to S3, or use vllm"
            )


def _age(_request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    if row.name == "huggingface-llm":
        yield "Text Generation Inference was archived upstream in March 2026: newer models need vllm or sglang"
    elif row.name == "huggingface-llm-neuronx":
        yield "Text Generation Inference was archived upstream in March 2026: prefer huggingface-vllm-neuronx"
    elif row.name == "djl-neuronx":
        yield "the last image of this family is of 2024 (Neuron SDK 2.19): prefer huggingface-vllm-neuronx"
