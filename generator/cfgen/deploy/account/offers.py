"""The public price list of SageMaker in one region, read as it arrives.

``{"products": {SKU: {"attributes": …}}, "terms": {"OnDemand": {SKU: {TERM: {"priceDimensions": …}}}}}`` ("Reading
the price list files"): the products tell which SKUs are wanted, the terms behind them what they cost. One entry at a
time is in memory.
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

from cfgen.errors import CfgenError

URL = "https://pricing.us-east-1.amazonaws.com"
"""Where AWS publishes its price lists; CFGEN_PRICE_LIST names another place with the same files."""
_CHUNK = 1 << 16
_MOST = 1 << 30
_SPACE = " \t\r\n,:"
_UNITS = {"Hrs": {"hrs", "hours", "hour"}, "Second": {"second", "seconds"}}
_SERVERLESS = "ML Serverless"


class OfferError(CfgenError):
    """The public price list could not be had, or is not what it was."""


class Stream(Protocol):
    """What is read from: an HTTP answer or a file."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, none at the end."""


def offer_prices(region: str, instances: Collection[str], usages: Collection[str] = ()) -> dict[str, float]:
    """What ``region``'s list has of ``instances`` and ``usages``, each by its name.

    Instance type → USD an hour for hosting; the end of a serverless usage type (``ServerlessInf:Mem-4GB``) → USD a
    second. Raises OfferError.
    """
    base = os.environ.get("CFGEN_PRICE_LIST", URL).rstrip("/")
    url = f"{base}/offers/v1.0/aws/AmazonSageMaker/current/{region}/index.json"
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return prices_in(answer, instances, usages)
    except urllib.error.HTTPError as error:
        raise OfferError(f"{url}: {error.code} {error.reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise OfferError(f"{url}: {getattr(error, 'reason', error)}") from error


def prices_in(stream: Stream, instances: Collection[str], usages: Collection[str] = ()) -> dict[str, float]:
    """The same from a stream of the file's bytes. Raises OfferError for what is no price list."""
    wanted: dict[str, str] = {}
    found: dict[str, float] = {}

    def product(sku: str, body: Any) -> None:
        attributes = body.get("attributes", {})
        if attributes.get("component") == "Hosting" and attributes.get("instanceName") in instances:
            wanted[sku] = attributes["instanceName"]
        elif body.get("productFamily") == _SERVERLESS:
            kind = str(attributes.get("usagetype", ""))
            for one in usages:
                if kind.endswith(one):
                    wanted[sku] = one

    def term(sku: str, body: Any) -> None:
        if sku in wanted:
            for usd in on_demand(body, "Second" if wanted[sku] in usages else "Hrs"):
                found[wanted[sku]] = min(usd, found.get(wanted[sku], usd))

    reader = _Reader(stream)
    try:
        for key in reader.members():
            if key == "products":
                reader.entries(product)
            elif key == "terms":
                for kind in reader.members():
                    reader.entries(term if kind == "OnDemand" else _nothing)
            else:
                reader.value()
    except (ValueError, AttributeError, TypeError) as error:
        raise OfferError(f"not a price list: {error}") from error
    if not reader.products:
        raise OfferError("not a price list: it has no products")
    return found


def on_demand(terms: dict[str, Any], unit: str) -> Iterator[float]:
    """The USD prices of one product's on-demand terms that are by ``unit`` (Hrs, Second) and not nothing."""
    for term in terms.values():
        for dimension in term.get("priceDimensions", {}).values():
            if str(dimension.get("unit", "")).lower() in _UNITS[unit]:
                usd = float(dimension.get("pricePerUnit", {}).get("USD") or 0)
                if usd > 0:
                    yield usd


def _nothing(key: str, body: Any) -> None:
    """For entries that are of no interest."""


class _Reader:
    """A JSON object of objects, entry by entry."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._text, self._at, self._ended, self._read = stream, "", 0, False, 0
        self._bytes = b""
        self._decoder = json.JSONDecoder()
        self.products = False

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; the caller reads each one's value before the next."""
        self._expect("{")
        while self._peek() != "}":
            key = self.value()
            self.products = self.products or key == "products"
            yield key
        self._at += 1

    def entries(self, see: Callable[[str, Any], None]) -> None:
        """Every entry of the object that begins here."""
        for key in self.members():
            see(key, self.value())

    def value(self) -> Any:
        """The value that begins here."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if self._ended:
                    raise
            else:
                # a number at the end of what is there may go on
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            self._more()

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise ValueError(f"{sign!r} expected, not {self._text[self._at : self._at + 20]!r}")
        self._at += 1

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                raise ValueError("it ends too early")
            self._more()

    def _more(self) -> None:
        chunk = self._stream.read(max(_CHUNK, len(self._text) - self._at))
        self._read += len(chunk)
        if self._read > _MOST:
            raise ValueError("it is larger than a price list of one region can be")
        data = self._bytes + chunk
        try:
            text, self._bytes = data.decode("utf-8"), b""
        except UnicodeDecodeError as error:
            if not chunk or error.start < len(data) - 4:
                raise
            text, self._bytes = data[: error.start].decode("utf-8"), data[error.start :]
        self._text, self._at = self._text[self._at :] + text, 0
        self._ended = not chunk
