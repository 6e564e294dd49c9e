"""Timing and reporting, shared by all measurements."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds that ``work`` takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(rivals: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each rival over ``rounds`` rounds; each round runs every rival once, in turn."""
    samples: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, work in rivals.items():
            samples[name].append(seconds(work))
    return {name: median(times) for name, times in samples.items()}


def command(*arguments: str, cwd: Path = ROOT, **environment: str) -> Callable[[], object]:
    """A process to time; it must succeed (exit codes of linters that only warn count as success)."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | environment

    def run() -> None:
        done = subprocess.run(arguments, cwd=cwd, env=env, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 4, 8, 12):
            raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")

    return run


def python(*arguments: str, **environment: str) -> Callable[[], object]:
    """A Python process to time, with the interpreter that runs the measurements."""
    return command(sys.executable, *arguments, **environment)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print(f"\n## {title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    sys.stdout.flush()
