"""Spec + catalogue → Stack: every decision taken, all problems reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfgen.resolve.errors import ResolveError
from cfgen.resolve.stack import Stack

if TYPE_CHECKING:
    from cfgen.catalogue import Catalogue
    from cfgen.resolve.collector import FactsOf
    from cfgen.spec import Spec

__all__ = ["ResolveError", "Stack", "resolve"]


def resolve(spec: Spec, catalogue: Catalogue, facts: FactsOf | None = None) -> Stack:
    """Resolve ``spec``; see :func:`cfgen.resolve.resolver.resolve`."""
    from cfgen.resolve.resolver import resolve as resolve_spec

    return resolve_spec(spec, catalogue, facts)
