"""The spec language: YAML with positions in, a validated :class:`Spec` out. Knows no AWS facts beyond limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfgen.spec.errors import SpecError

if TYPE_CHECKING:
    from cfgen.spec.find import find_specs
    from cfgen.spec.load import Spec, load_spec, parse_spec

__all__ = ["Spec", "SpecError", "find_specs", "load_spec", "parse_spec"]


def __getattr__(name: str) -> Any:
    """Import the loader (pydantic, yaml) only when something of it is asked for."""
    import importlib

    if name in __all__:
        module = "cfgen.spec.find" if name == "find_specs" else "cfgen.spec.load"
        return getattr(importlib.import_module(module), name)
    raise AttributeError(name)
