"""Quotas and rates: codes of instance types that exist, prices with a source, a damaged installation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cfgen.catalogue import DataError, load, quotas, rates

DATA = Path(quotas.__file__).parent / "data"


def test_every_code_is_of_an_instance_type_and_of_its_own() -> None:
    codes = json.loads((DATA / "quotas.json").read_text())["endpoint_usage"]
    assert set(codes) <= set(load().instances)
    assert len(set(codes.values())) == len(codes)
    assert all(re.fullmatch(r"L-[0-9A-F]{8}", code) for code in codes.values())


def test_the_name_is_there_without_a_code() -> None:
    one = quotas.endpoint_usage("ml.g7e.2xlarge")
    assert (one.name, one.code, one.default) == ("ml.g7e.2xlarge for endpoint usage", "", None)


def test_every_rate_has_its_source_and_region() -> None:
    for key, rate in rates.rates().items():
        assert rate.usd > 0, key
        assert rate.region == "us-east-1"
        assert rate.source


@pytest.mark.parametrize("text", ["", "{}", '{"rates": {"a": 1}}'])
def test_a_damaged_installation_is_told(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    for name in ("quotas", "rates"):
        (tmp_path / "data" / f"{name}.json").write_text(text)
    for module, read in ((quotas, quotas._codes), (rates, rates.rates)):
        monkeypatch.setattr(module, "__file__", str(tmp_path / "module.py"))
        read.cache_clear()
        with pytest.raises(DataError, match="cannot be read") as error:
            read()
        assert error.value.hint == "Install cfgen again."
        read.cache_clear()
