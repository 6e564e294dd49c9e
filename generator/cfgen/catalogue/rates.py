"""What other services around an endpoint cost, about: for estimates, never a quotation.

Of one region, as the prices of instance types are.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rate:
    """An approximate list price on demand: ``usd`` for one ``unit`` (hour, GB, GB-month, minute, month …)."""

    usd: float
    unit: str
    region: str
    source: str


@functools.cache
def rates() -> Mapping[str, Rate]:
    """Key (``nat-gateway``) → rate. Raises DataError for a damaged installation."""
    path = Path(__file__).parent / "data" / "rates.json"
    try:
        table = json.loads(path.read_bytes())
        return {
            key: Rate(float(usd), unit, table["region"], table["sources"][source])
            for key, (usd, unit, source) in table["rates"].items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        from cfgen.catalogue.errors import DataError

        raise DataError(f"cfgen's own rates cannot be read: {error}", hint="Install cfgen again.") from error
