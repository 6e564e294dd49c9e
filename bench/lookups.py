"""What a person waits for before any template: catalogue searches and a plan, each as a cold command."""

from __future__ import annotations

from bench.measure import ROOT, interleaved, python, table
from bench.render import FLOOR


def main(quick: bool) -> None:
    """Whole commands, one after the other in turn; Python's own start is in all of them."""
    spec = str(ROOT / "specs" / "jumpstart-llama-3.1-8b.yaml")
    rivals = {
        "floor: import click, jinja2, pydantic, yaml": python(
            "-c", f"{FLOOR}; import pydantic; pydantic.BaseModel"
        ),
        "`cfgen --version`": python("-m", "cfgen", "--version"),
        "`cfgen catalog instances g6`": python("-m", "cfgen", "catalog", "instances", "g6"),
        "`cfgen catalog models llama` (338 models)": python("-m", "cfgen", "catalog", "models", "llama"),
        "`cfgen plan` of one spec": python("-m", "cfgen", "plan", spec),
    }
    times = interleaved(rivals, 3 if quick else 9)
    table(
        "Looking things up, as cold commands",
        ("", "wall"),
        [(name, f"{taken * 1000:,.0f} ms") for name, taken in times.items()],
    )
