"""Rendering: the cold command against its floor, and many specs in one process."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import specs
from bench.measure import ROOT, interleaved, python, seconds, table

FLOOR = "import click, jinja2, yaml"
SPEC = str(ROOT / "specs" / "mistral-7b.yaml")


def cold(rounds: int) -> None:
    """``cfgen render`` as a process: nothing remembered, without and with the check, and remembered."""
    with tempfile.TemporaryDirectory() as folder:
        fresh, kept = str(Path(folder, "unused")), str(Path(folder, "kept"))
        render = ("-m", "cfgen", "render", SPEC, "-o", str(Path(folder, "out")))

        def forgetful() -> None:
            # a cache folder that cannot be made: nothing is ever remembered
            Path(fresh).touch()
            python(*render, CFGEN_CACHE_DIR=f"{fresh}/x")()

        python(*render, CFGEN_CACHE_DIR=kept)()
        times = interleaved(
            {
                "floor: import click, jinja2, yaml": python("-c", FLOOR),
                "import pydantic as well": python("-c", f"{FLOOR}; import pydantic; pydantic.BaseModel"),
                "render, unchanged since last time": python(*render, CFGEN_CACHE_DIR=kept),
                "render anew, --no-check": python(*render, "--no-check"),
                "render anew and check": forgetful,
            },
            rounds,
        )
    floor = next(iter(times.values()))
    rows = [[name, f"{t * 1000:.0f} ms", f"{t / floor:.2f}"] for name, t in times.items()]
    table(f"Cold `cfgen render` (median of {rounds})", ["process", "wall", "× floor"], rows)


def many(counts: tuple[int, ...]) -> None:
    """Different specs rendered in one process."""
    from cfgen.catalogue import load
    from cfgen.pipeline import render_spec

    catalogue, rows = load(), []
    with tempfile.TemporaryDirectory() as folder:
        paths = specs.write(Path(folder), max(counts))
        render_spec(paths[0], catalogue)
        for count in counts:
            took = seconds(lambda n=count: [render_spec(path, catalogue) for path in paths[:n]])  # type: ignore[misc]
            rows.append([str(count), f"{took:.2f} s", f"{took / count * 1000:.2f} ms"])
    table("Different specs in one process", ["specs", "wall", "a spec"], rows)


def main(quick: bool) -> None:
    """Run both."""
    cold(5 if quick else 15)
    many((10, 100) if quick else (10, 100, 1000))
