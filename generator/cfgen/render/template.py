"""The finished text and what is known about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfgen.resolve.stack import Asset

MAX_DIRECT_BYTES = 51_200
"""Largest template passed in the request (CloudFormation quotas: template body size in a request)."""
MAX_BYTES = 1_000_000
"""Largest template passed as an S3 object (CloudFormation quotas)."""


@dataclass(frozen=True, slots=True)
class Template:
    """A rendered template. ``regions``: where it launches unchanged; ``parameters``: name → default or None.

    ``assets``: files to upload before the launch. ``functions``: sources of code that stands shortened in the text.
    ``decisions``: what cfgen chose that costs money, and why.
    ``has_code``: made from a code folder as well as from the spec.
    """

    name: str
    text: str
    regions: tuple[str, ...]
    parameters: tuple[tuple[str, str | None], ...]
    warnings: tuple[str, ...]
    assets: tuple[Asset, ...] = ()
    functions: tuple[tuple[str, str], ...] = ()
    has_code: bool = False
    decisions: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the template as UTF-8."""
        return len(self.text.encode("utf-8"))

    @property
    def share(self) -> float:
        """Which part of the limit for direct launch it uses (1.0 is all of it)."""
        return self.size / MAX_DIRECT_BYTES

    @property
    def required(self) -> tuple[str, ...]:
        """Parameters that have no default."""
        return tuple(name for name, default in self.parameters if default is None)

    def parameters_json(self) -> str:
        """A parameter file in CloudFormation's own shape, with the defaults; empty where a value is required."""
        rows = [{"ParameterKey": name, "ParameterValue": default or ""} for name, default in self.parameters]
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
