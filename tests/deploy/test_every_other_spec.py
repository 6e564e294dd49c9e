"""The other half of the examples through their whole lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SPECS
from tests.deploy.whole_life import Life, life, live

__all__ = ["life"]


@pytest.mark.parametrize("life", SPECS[1::2], ids=[spec.stem for spec in SPECS[1::2]], indirect=True)
def test_a_whole_life(life: Life, tmp_path: Path) -> None:
    live(life, tmp_path)
