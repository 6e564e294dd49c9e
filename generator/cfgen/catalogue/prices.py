"""What an hour of an instance type costs, about: for ranking and estimates, never a quotation.

No published package has hosting prices by region, so the bundled list is of one region, gathered by hand, each
price with where it is from. Other regions cost up to half as much again. Read when a price is asked for: a render
needs none, unless it sizes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Price:
    """An approximate price on demand: ``hourly`` USD for one instance in ``region``, and where that is from."""

    hourly: float
    region: str
    source: str


def bundled() -> Mapping[str, Price]:
    """Instance type → price, for the types of which one is known. Raises DataError for a damaged installation."""
    path = Path(__file__).parent / "data" / "prices.json"
    try:
        table: dict[str, Any] = json.loads(path.read_bytes())
        sources = table["sources"]
        return {
            name: Price(float(usd), table["region"], sources[source])
            for name, (usd, source) in table["prices"].items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        from cfgen.catalogue.errors import DataError

        raise DataError(f"cfgen's own prices cannot be read: {error}", hint="Install cfgen again.") from error
