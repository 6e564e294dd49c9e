"""Facts about a model: what its repository, or a folder with its files, says of size, shape, terms and formats.

::

    facts = inspect("mistralai/Mistral-7B-Instruct-v0.3")     # the hub, or its cache
    facts = inspect("./my-model")                             # a folder, offline
    facts.parameters, facts.weight_bytes, facts.kv_bytes_per_token

Nothing is downloaded but descriptions: config.json, the index or header of the safetensors files, the model card.
Stands beside the catalogue: both are what ``resolve`` decides from. ``hub`` and ``folder`` read, ``configuration``
and ``weights`` understand, ``facts`` is the result, ``cache`` and ``lock`` keep it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfgen.models.facts import ModelFacts, Quantization
    from cfgen.models.inspection import inspect

__all__ = ["ModelFacts", "Quantization", "inspect"]


def __getattr__(name: str) -> Any:
    """Import a name's module when the name is touched."""
    import importlib

    if name in __all__:
        module = "inspection" if name == "inspect" else "facts"
        return getattr(importlib.import_module(f"cfgen.models.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
