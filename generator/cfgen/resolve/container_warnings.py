"""What a user should hear about a container before it is deployed, and what cannot work at all."""

from __future__ import annotations

from collections.abc import Iterator

from cfgen.resolve.container_defaults import (
    EMBEDDING_TASKS,
    ContainerRequest,
    defaults,
    heads_of,
    tensor_parallel,
)
from cfgen.resolve.container_kinds import ContainerKind
from cfgen.resolve.container_models import (
    estimated_bits,
    estimated_parameters,
    gated_reason,
    has_own_code,
)
from cfgen.resolve.container_table import kind

# the compute capability from which GPUs have bfloat16; the T4 of ml.g4dn has 7.5
BFLOAT16 = 8.0
# gigabytes the toolkit can download: its folder lies on the root volume, 50 GB, of which the system takes 27
TOOLKIT_ROOM = 20.0


def warnings(request: ContainerRequest) -> list[str]:
    """One sentence each, the gravest first; none of them stops a deployment."""
    row = kind(request.family, request.version)
    return [text for part in (_access, _hardware, _length, _model, _note) for text in part(request, row)]


def refusals(request: ContainerRequest) -> list[str]:
    """Why the container cannot start, where that is certain."""
    row = kind(request.family, request.version)
    found: list[str] = []
    capability = request.compute_capability
    if request.processor == "gpu" and capability is not None:
        if capability < row.least_capability:
            found.append(
                f"{row.title} needs a GPU of compute capability {row.least_capability} or more; "
                f"this one has {capability}"
            )
        elif capability > row.most_capability:
            found.append(
                f"{row.title} {request.version} has no program for GPUs of compute capability {capability}, "
                f"only up to {row.most_capability}: choose an older GPU, or a newer version"
            )
    if row.name != "custom" and not row.fetches and not (request.staged or request.code):
        what = request.model_id or "a model"
        found.append(f"{row.title} cannot fetch {what} from the hub: its files and code must come from S3")
    return found


def _access(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    if not request.model_id or request.staged or not row.fetches:
        return
    why = gated_reason(request.model_id)
    if why and not request.token:
        yield (
            f"{request.model_id} is gated: {why}. Without the token of an account that did so, "
            "the download is refused"
        )
    if request.revision and not row.revision_variable:
        yield f"{row.title} cannot pin a revision; stage the model to S3 to fix what is served"


def _hardware(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    capability, devices = request.compute_capability, request.accelerators
    if request.processor != "gpu":
        return
    if (
        row.dtype_variable
        and row.serves == "text-generation"
        and capability is not None
        and capability < BFLOAT16
        and request.sized is None
        and not request.dtype_given
    ):
        yield (
            "this GPU has no bfloat16: the server falls back to float16, or to float32 (twice the memory) "
            "for models that float16 makes unstable (Gemma 2 and 3, GLM-4)"
        )
    if row.tensor_parallel_variable and devices > 1:
        split = tensor_parallel(request)
        if split < devices:
            then = f"{devices // split} copies are served" if row.keeps_copies else "the others stay idle"
            yield (
                f"{request.model_id} has {heads_of(request)} attention heads, "
                f"which divide among {split} GPUs, not {devices}: {then}; a smaller instance type may do"
            )
        elif devices & (devices - 1):
            yield f"{devices} GPUs: few models split evenly over a number that is no power of two"
    if row.serves == "embedding" and devices > 1:
        yield f"{row.title} uses one GPU; the other {devices - 1} stay idle"


def _length(request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    if request.context_length is not None:
        if not row.max_length_variable and row.name != "custom":
            yield f"{row.title} has no setting for the context length; the spec's is not passed on"
        return
    if row.length_note and not (request.sized and request.sized.split):
        yield row.length_note
    limited = {row.default_length, row.cpu_length} - {""}
    for default in defaults(request):
        if default.name == row.max_length_variable and default.value in limited:
            yield f"the context is limited to {default.value} tokens; endpoint.context changes that"


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
    if "sglang" in row.name and request.task in EMBEDDING_TASKS:
        yield "SGLang answers only chat completions on a SageMaker endpoint: use vllm or tei for embeddings"
    if row.task_variable and not request.code:
        if all(default.name != row.task_variable for default in defaults(request)):
            yield "the task is guessed from the model's architecture; give model.task if the container cannot"
        size = estimated_parameters(model)
        if not request.staged and size is not None and size * estimated_bits(model) / 8 > TOOLKIT_ROOM:
            yield (
                f"{row.title} downloads to the root volume, which has room for about {TOOLKIT_ROOM:.0f} GB: "
                "stage the model to S3, or use vllm"
            )


def _note(_request: ContainerRequest, row: ContainerKind) -> Iterator[str]:
    if row.note:
        yield row.note
