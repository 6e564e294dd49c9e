"""Names of image families: the one table of what users call them, and which family stands in for which.

The catalogue keeps the names of the SageMaker SDK (``huggingface-llm``); people write what the software is
called (``tgi``). Both work everywhere; ``Image.family`` is always the SDK's.
"""

from __future__ import annotations

# what people write → the SDK's name
ALIASES: dict[str, str] = {
    "tgi": "huggingface-llm",
    "tgi-neuronx": "huggingface-llm-neuronx",
    "tei": "huggingface-tei",
    "tei-cpu": "huggingface-tei-cpu",
    "triton": "sagemaker-tritonserver",
    "tritonserver": "sagemaker-tritonserver",
    "lmi": "djl-lmi",
    "llamacpp": "llama-cpp",
    "scikit-learn": "sklearn",
}

# one product, an image repository of its own for another processor or architecture: family → (processor,
# architecture) → the family that has the image
STAND_INS: dict[str, dict[tuple[str, str], str]] = {
    "huggingface-tei": {("cpu", "x86_64"): "huggingface-tei-cpu"},
    "huggingface-llm": {("neuron", "x86_64"): "huggingface-llm-neuronx"},
    "huggingface-vllm": {("neuron", "x86_64"): "huggingface-vllm-neuronx"},
    "huggingface": {("neuron", "x86_64"): "huggingface-neuronx"},
    "djl-lmi": {("neuron", "x86_64"): "djl-neuronx"},
    "llama-cpp": {("cpu", "arm64"): "llama-cpp-arm64"},
}


def canonical(family: str) -> str:
    """The catalogue's own name for ``family`` (which may be unknown; then it comes back as it is)."""
    return ALIASES.get(family, family)


def called(family: str) -> tuple[str, ...]:
    """The other names of a family, in the table's order."""
    return tuple(alias for alias, name in ALIASES.items() if name == family)
