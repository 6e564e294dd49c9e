"""The text of the template being linted, for the one rule that must see comments (they are no part of the data)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_current: ContextVar[tuple[str, str] | None] = ContextVar("cfgen_lint_text", default=None)


@contextlib.contextmanager
def linting(name: str, text: str) -> Iterator[None]:
    """Make ``text`` known as the template ``name`` while it is linted."""
    token = _current.set((name, text))
    try:
        yield
    finally:
        _current.reset(token)


def current_text(name: str | None) -> str | None:
    """The text of the template of that name, if it is the one being linted."""
    current = _current.get()
    return current[1] if current and current[0] == name else None
