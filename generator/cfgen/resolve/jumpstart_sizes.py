"""How large a JumpStart model is, from its id alone. Apart from the rest, because the search needs nothing else."""

from __future__ import annotations

import re

from cfgen.resolve.container_models import estimated_parameters

# what is written 1-5b there is 1.5b; llama-2-13b and gemma-2-2b are a version and a size
_DECIMAL = re.compile(r"(qwen2?|tinyllama|rinna)-(\d)-(\d)b(?![a-z0-9])")


def parameters(model_id: str) -> float | None:
    """Billions of parameters; None when the id does not tell."""
    return estimated_parameters(_DECIMAL.sub(r"\1-\2.\3b", model_id.lower()))
