"""Whether a model fits an instance type: the arithmetic, for one of each. No catalogue, no spec.

On each of ``split`` GPUs lie a share of the weights, the server's own needs, and the keys and values of the tokens
under way; what is left for the latter is the capacity. ``explanation/sizing.md`` tells the figures' sources. Bytes
unless a name says GiB.
"""

from __future__ import annotations

from dataclasses import dataclass

from cfgen.catalogue import Instance
from cfgen.models.facts import ModelFacts

GIB = 1 << 30
GPU_SHARE = 0.90
"""Of a GPU's memory, what the servers take for themselves (vLLM: gpu_memory_utilization)."""
SERVER = 0.65 * GIB
"""CUDA context, kernels and graphs on each GPU: an estimate."""
EXCHANGE = 0.75 * GIB
"""Buffers to exchange results among GPUs (NCCL, all-reduce) when there are several: an estimate."""
HOST_SHARE, HOST_SERVER = 1.15, 4 * GIB
"""Host memory: the weights pass through it, beside the server."""
DISK_SHARE, DISK_FILES = 0.9, 1.1
"""Local disk: what a file system leaves of it, and the files beside the weights."""
ROOT_ROOM = 20e9
"""Without a local disk: what is free on the volume that SageMaker gives when no size is asked for."""
LARGE_GPU = 70.0
"""GiB from which vLLM works on 8,192 new tokens at a time rather than 2,048, except on an A100
(vllm/engine/arg_utils.py)."""
BFLOAT16 = 8.0
"""Compute capability from which GPUs have bfloat16."""
UNSTABLE_IN_FLOAT16 = frozenset({"gemma2", "gemma3", "gemma3_text", "plamo2", "glm4"})
"""Types that vLLM refuses to serve in float16 (vllm/config/model.py)."""
LEAST_CAPABILITY = {"awq": 7.5, "gptq": 7.5, "fp8": 8.0, "fbgemm-fp8": 8.0, "mxfp4": 8.0, "bitsandbytes": 7.0}
"""Compute capability from which a method's kernels run in vLLM (quantization/*.py, get_min_capability; fp8 below
8.9 and mxfp4 below 10 through Marlin, which unpacks as it goes)."""
OTHER_METHODS = 8.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be served at once: ``concurrency`` requests, each of up to ``context`` tokens, prompt and answer."""

    context: int
    concurrency: int

    @property
    def tokens(self) -> int:
        """All tokens under way."""
        return self.context * self.concurrency


@dataclass(frozen=True, slots=True)
class Fit:
    """A model on an instance type: over how many GPUs it is split (0: none are used), and how many tokens fit.

    ``share``, ``work`` and ``server`` are the bytes on each GPU: of weights, of a step's results, of the server;
    ``kv`` those of a token. ``capacity`` None: nothing is kept of past tokens, any number fits. ``dtype``: the type
    the weights must be converted to, or empty.
    """

    split: int
    capacity: int | None
    share: int = 0
    work: int = 0
    server: int = 0
    kv: int = 0
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a model does not fit, in words; ``what`` names the kind of reason."""

    what: str
    reason: str


def fit(
    facts: ModelFacts,
    instance: Instance,
    load: Load,
    *,
    keeps_tokens: bool = True,
    splits: bool = True,
    volume_gib: int | None = None,
) -> Fit | Misfit:
    """How ``facts``' model lies on ``instance``, or why it does not.

    ``keeps_tokens``: the server keeps keys and values of past tokens (for embeddings it does not); ``splits``: it can
    split a model over GPUs; ``volume_gib``: the storage volume asked for, where there is no local disk.
    """
    weights = facts.served_bytes
    assert weights is not None
    keeps = keeps_tokens and facts.kind == "decoder"
    found = _on_gpus(facts, instance, load, keeps, splits) if instance.accelerators else Fit(0, None)
    if isinstance(found, Misfit):
        return found
    if keeps and not instance.accelerators:
        return Misfit("processor", "it has no GPU, and generating text on a CPU is too slow to be sized")
    stored = max(weights, facts.weight_bytes or 0)
    host = HOST_SHARE * weights + HOST_SERVER
    if instance.memory_gib * GIB < host:
        return Misfit(
            "host memory",
            f"loading takes {host / GIB:.1f} GiB of host memory, it has {instance.memory_gib:g}",
        )
    disk = DISK_SHARE * (instance.nvme_gb * 1e9 or (volume_gib or 0) * GIB) or ROOT_ROOM
    if disk < DISK_FILES * stored:
        room = "local disk" if instance.nvme_gb else "storage volume"
        return Misfit(
            "disk", f"the files take {DISK_FILES * stored / 1e9:.0f} GB, its {room} has {disk / 1e9:.0f}"
        )
    return found


def _on_gpus(facts: ModelFacts, instance: Instance, load: Load, keeps: bool, splits: bool) -> Fit | Misfit:
    if instance.processor != "gpu":
        return Misfit("processor", "Neuron cores run only what was compiled for them")
    wrong = _wrong_kind(facts, instance)
    if wrong is not None:
        return wrong
    possible = [
        one for one in range(instance.accelerators, 0, -1) if one == 1 or (splits and divides(facts, one))
    ]
    found = [placed(facts, instance, one, keeps) for one in possible]
    for one in found:
        if one.capacity is None or one.capacity >= load.tokens:
            return one
    best = max(found, key=lambda one: one.capacity or 0)
    if (best.capacity or 0) <= 0:
        return _too_large(best, instance)
    return Misfit(
        "tokens",
        f"{best.capacity:,} tokens fit beside the weights{_over(best.split)}, "
        f"{load.concurrency} × {load.context:,} are wanted",
    )


def _wrong_kind(facts: ModelFacts, instance: Instance) -> Misfit | None:
    capability = instance.compute_capability
    if capability is None:
        return Misfit("gpu", f"what its {instance.accelerator} can compute is not known")
    if capability < BFLOAT16 and facts.model_type in UNSTABLE_IN_FLOAT16:
        return Misfit(
            "gpu", f"its {instance.accelerator} has no bfloat16, and this model is unstable in float16"
        )
    if facts.quantization is not None:
        least = LEAST_CAPABILITY.get(facts.quantization.method, OTHER_METHODS)
        if capability < least:
            return Misfit(
                "gpu",
                f"{facts.quantization.method} weights need compute capability {least}, "
                f"its {instance.accelerator} has {capability}",
            )
    return None


def divides(facts: ModelFacts, split: int) -> bool:
    """Whether attention heads, and what else must stay whole, divide among ``split`` GPUs."""
    heads, kv, quantization = facts.attention_heads, facts.kv_heads, facts.quantization
    if facts.kind != "decoder" or heads % split or (kv and kv % split and split % kv):
        return False
    widths = [facts.intermediate_size, facts.expert_size]
    if any(width % split for width in widths):
        return False
    if quantization is not None:
        if quantization.method == "bitsandbytes":
            return False  # vLLM does not split what was packed so beforehand
        parts = [width // split for width in widths]
        if quantization.method == "fp8" and kv:
            # blocks go through what attention projects, too (vllm, validate_fp8_block_shape)
            parts += [heads // split * facts.head_size, max(1, kv // split) * facts.head_size]
        if quantization.group and any(part % quantization.group for part in parts):
            return False
    return True


def placed(facts: ModelFacts, instance: Instance, split: int, keeps: bool = True) -> Fit:
    """The model split over ``split`` of the instance's GPUs; a capacity of 0 or less: it does not fit."""
    share = -(-(facts.served_bytes or 0) // split)
    server = int(SERVER + (EXCHANGE if split > 1 else 0))
    memory = instance.accelerator_memory_gib
    large = memory >= LARGE_GPU and instance.accelerator != "A100"
    work = _work(facts, split, 8192 if large else 2048)
    room = GPU_SHARE * memory * GIB - work
    # a little more memory must not seem less: just above the limit a smaller step is as good
    smaller = _work(facts, split, 2048)
    if large and GPU_SHARE * LARGE_GPU * GIB - smaller > room:
        room, work = GPU_SHARE * LARGE_GPU * GIB - smaller, smaller
    left = room - share - server
    kv = facts.kv_bytes(split)
    converted = (instance.compute_capability or 0) < BFLOAT16 and facts.dtype not in ("float16", "")
    dtype = "float16" if converted and facts.kind == "decoder" else ""
    if keeps and kv:
        return Fit(split, int(left // kv), share, work, server, kv, dtype)
    return Fit(split, None if left >= 0 else 0, share, work, server, 0, dtype)


def _work(facts: ModelFacts, split: int, tokens: int) -> int:
    """A step's results, in 16 bit: the feed-forward network's share and the hidden states, for each new token."""
    return int(tokens * 2 * (3 * facts.intermediate_size / split + 4 * facts.hidden_size))


def _too_large(best: Fit, instance: Instance) -> Misfit:
    whole = (best.share + best.work + best.server) / GIB
    room = GPU_SHARE * instance.accelerator_memory_gib
    return Misfit(
        "gpu memory",
        f"weights and server take {whole:.1f} GiB of a GPU{_over(best.split)}, {room:.1f} of its "
        f"{instance.accelerator_memory_gib:g} can be used",
    )


def _over(split: int) -> str:
    return f" (split over {split})" if split > 1 else ""
