"""Prices: every one is of a type that exists, with where it is from; an unknown one is None, not a guess."""

from __future__ import annotations

import pytest

from cfgen.catalogue import Price, UnknownInstance, load, prices
from cfgen.catalogue.errors import DataError


def test_a_price_has_its_region_and_source() -> None:
    price = load().price("ml.g6.2xlarge")
    assert isinstance(price, Price)
    assert (price.hourly, price.region) == (1.222, "us-east-1")
    assert price.source.startswith("fmbench")


def test_every_priced_type_is_hosted_where_the_price_is_of_unless_it_is_an_estimate() -> None:
    catalogue = load()
    for name, price in prices.bundled().items():
        regions = catalogue.instance(name).regions
        assert price.region in regions or (regions and "EC2" in price.source), name
        assert 0 < price.hourly < 1000, name


def test_within_a_family_more_machine_costs_more() -> None:
    catalogue = load()
    known = [(catalogue.instance(name), price.hourly) for name, price in prices.bundled().items()]
    for one, cost in known:
        for other, dearer in known:
            if (
                one.family == other.family
                and one.vcpus < other.vcpus
                and one.accelerators <= other.accelerators
            ):
                assert cost < dearer, (one.name, other.name)


def test_no_price_is_none_and_no_type_an_error() -> None:
    assert load().price("ml.p6-b200.48xlarge") is None
    with pytest.raises(UnknownInstance):
        load().price("ml.nothing.large")


def test_damaged_prices_are_a_damaged_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices.json, "loads", lambda _: {"prices": []})
    with pytest.raises(DataError, match="prices cannot be read"):
        prices.bundled()
