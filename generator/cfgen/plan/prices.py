"""Where costs take their prices from: those read live for a region, else the bundled ones of us-east-1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cfgen.catalogue import Catalogue
from cfgen.catalogue.rates import rates


@dataclass(frozen=True, slots=True)
class Priced:
    """A price: ``usd`` a ``unit``; ``live`` when it is the region's own."""

    usd: float
    unit: str
    source: str
    live: bool


@dataclass(frozen=True, slots=True)
class LivePrices:
    """Prices read for one region: ``instances`` by type and ``rates`` by the keys of the bundled ones, USD.

    ``source`` says from where. ``problem`` says why there are none, or not all.
    """

    region: str
    source: str = ""
    instances: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices for one region."""

    catalogue: Catalogue
    live: LivePrices | None = None

    def instance(self, name: str) -> Priced | None:
        """An hour of an instance type; None when nobody says."""
        if self.live is not None and name in self.live.instances:
            return Priced(self.live.instances[name], "hour", self.live.source, True)
        if name not in self.catalogue.instances:
            return None
        found = self.catalogue.price(name)
        return Priced(found.hourly, "hour", found.source, False) if found is not None else None

    def rate(self, key: str) -> Priced:
        """A rate of another service. Raises KeyError for a key that the bundled table has not."""
        bundled = rates()[key]
        if self.live is not None and key in self.live.rates:
            return Priced(self.live.rates[key], bundled.unit, self.live.source, True)
        return Priced(bundled.usd, bundled.unit, bundled.source, False)

    def only_live(self, key: str) -> Priced | None:
        """A rate that no bundled table has, a second: None unless it was read."""
        if self.live is None or key not in self.live.rates:
            return None
        return Priced(self.live.rates[key], "second", self.live.source, True)

    def serverless(self, gigabytes: float) -> Priced:
        """A second of serverless inference at a memory size."""
        read = self.only_live(f"serverless-{gigabytes:g}gb")
        if read is not None:
            return read
        rate = self.rate("serverless")
        return Priced(rate.usd * gigabytes, "second", rate.source, rate.live)

    @property
    def basis(self) -> str:
        """What the prices are, for headings."""
        if self.live is None:
            return "approximate prices of us-east-1"
        if not (self.live.instances or self.live.rates):
            return "approximate prices of us-east-1: no live price"
        return f"live prices of {self.live.region}"
