"""What the plans share."""

from __future__ import annotations

Pairs = tuple[tuple[str, str], ...]
"""An ordered mapping of text to text."""
