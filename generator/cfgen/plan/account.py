"""What was read of an account in one region: ``cfgen.deploy.account`` fills it in, ``limits`` and ``steps`` judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """A quota's value and how much of it is used; None where that could not be read, and ``why``.

    ``code`` as Service Quotas gave it.
    """

    value: float | None = None
    used: float | None = None
    code: str = ""
    adjustable: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An account in one region.

    ``quotas`` by the keys of the needs; ``secrets``: name → empty when it is there, ``missing``, or why it could not
    be read; ``subnets`` likewise. ``stack``: the status of the stack of this launch, empty when there is none.
    ``problem``: why nothing at all could be read. ``enabled``: whether the region is, None when not known.
    """

    region: str
    id: str = ""
    quotas: Mapping[str, Reading] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    stack: str = ""
    enabled: bool | None = None
    problem: str = ""


MISSING = "missing"
"""What ``secrets`` says of one that is not there."""
