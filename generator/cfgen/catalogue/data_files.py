"""Where the bundled data lies. One folder, three files."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent / "data"
FILES = ("images", "instances", "regions")
