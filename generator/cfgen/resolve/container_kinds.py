"""The form of what is known of an image family: what its entrypoint reads, how its endpoint is called.

The rows stand in ``container_servers`` (language models) and ``container_toolkits`` (everything else), the
whole table in ``container_table``. Facts only: what is set is decided in ``container_defaults``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Serves = Literal["text-generation", "embedding", "general"]
Processor = Literal["gpu", "cpu", "neuron"]

PROMPT = "What is Amazon SageMaker?"
CHAT: Mapping[str, Any] = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 128}
COMPLETION: Mapping[str, Any] = {"prompt": PROMPT, "max_tokens": 128}
GENERATE: Mapping[str, Any] = {"inputs": PROMPT, "parameters": {"max_new_tokens": 128}}
INPUTS: Mapping[str, Any] = {"inputs": PROMPT}


@dataclass(frozen=True, slots=True)
class Default:
    """One variable, its value and why it is there."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerKind:
    """One image family. An empty variable name: the family has no such setting, or decides by itself."""

    name: str
    title: str
    serves: Serves
    source: str = ""
    """Where the facts are from: repository and files."""

    fetches: bool = False
    """The container itself fetches a model that is not staged from the hub."""
    model_variable: str = ""
    staged_variable: str = ""
    """What names ``/opt/ml/model``; empty where the container must not be told."""
    served_name_variable: str = ""
    revision_variable: str = ""
    token_variable: str = ""
    cache: tuple[str, str] = ("", "")
    """Variable and folder of the download cache, where the image's own lies on the small root volume."""
    offline_variable: str = ""
    trust_remote_code_variable: str = ""
    quantization_variable: str = ""
    dtype_variable: str = ""
    float16: str = "float16"
    """Its value for 16-bit floating point that every GPU knows."""

    tensor_parallel_variable: str = ""
    all_devices: str = ""
    """The word for all GPUs there are, where the family has one."""
    counts_devices: bool = True
    """It finds a single GPU by itself: only more than one need be named."""
    keeps_copies: bool = False
    """Split over fewer GPUs than there are, it serves several copies."""

    max_length_variable: str = ""
    automatic_length: str = ""
    """The length's value with which the server takes what fits beside the weights in GPU memory."""
    default_length: str = ""
    """Its value when the spec asks for none and the container cannot do without."""
    cpu_length: str = ""
    """The same, without an accelerator."""
    prompt_variable: str = ""
    """A second limit, of the prompt alone, which must be given with the first."""
    prefill_variable: str = ""
    """A third, which must not be less than the second and is 4096 when absent."""
    length_note: str = ""
    """What to know when the spec asks for no length."""

    task_variable: str = ""
    embedding_switch: tuple[str, str] = ("", "")
    """Variable and value that make a server of language models serve embeddings."""
    program_variable: str = ""
    """The variable that names the user's handlers, in ``/opt/ml/model/code``."""
    needs_program: bool = False
    """It serves nothing without them."""
    loading_timeout_variable: str = ""
    """Seconds a model may take to load, where the server has a limit of its own …"""
    loading_timeout: int = 0
    """… and that limit."""
    copy_each_vcpu: bool = False
    """Without a GPU it starts a worker on each vCPU, each with a copy of the model."""
    extras: tuple[Default, ...] = ()
    """What else it cannot start without."""
    least_capability: float = 0.0
    """The lowest CUDA compute capability its programs are built for …"""
    most_capability: float = 99.0
    """… and the highest."""
    note: str = ""
    """What every user of the family should know."""

    body: Mapping[str, Any] | None = None
    """An example request; absent where it depends on the model."""
    completion_body: Mapping[str, Any] | None = None
    """The same for a model without a chat template."""
    content_type: str = "application/json"
    supports_streaming: bool = False
    supports_openai: bool = False
    supports_lora: bool = False

    @property
    def needs_hub_at_start(self) -> bool:
        """Whether a model that is not staged is downloaded while the container starts."""
        return self.fetches
