"""Deploying: ``cfgen deploy`` against plain ``aws cloudformation deploy`` of the same template, in the sandbox.

The endpoint takes ten seconds to come up, so that the stack takes longer than starting any program. Both follow it
to the end; what cfgen does besides (render, lint, look first, changes shown, endpoint asked) is in its time.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.build_stream import memory
from bench.measure import ROOT, interleaved, table
from cfgen.sandbox import Sandbox

SPEC = ROOT / "specs" / "embeddings-tei.yaml"
SECONDS = 10.0
_BIN = Path(sys.executable).parent


def _run(command: list[str], variables: dict[str, str]) -> int:
    """Run to a good end; the peak memory of the process and its children, in bytes."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
        )
        peak, done = [0], threading.Event()

        def watch() -> None:
            while not done.wait(0.1):
                peak[0] = max(peak[0], memory(process.pid))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        code = process.wait()
        done.set()
        watcher.join()
        if code:
            told.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{told.read().decode(errors='replace')}")
    return peak[0]


def _rivals(
    variables: dict[str, str], template: Path, peaks: dict[str, int]
) -> dict[str, Callable[[], object]]:
    numbers = itertools.count(1)

    def rival(name: str, *command: str) -> Callable[[], object]:
        def run() -> None:
            stack = f"bench-{next(numbers)}"
            peak = _run([part.replace("STACK", stack) for part in command], variables)
            peaks[name] = max(peaks.get(name, 0), peak)

        return run

    cfgen = (str(_BIN / "cfgen"), "deploy", str(SPEC), "--stack-name", "STACK", "--no-confirm")
    return {
        name: rival(name, *command)
        for name, command in {
            "`aws cloudformation deploy`": (
                str(_BIN / "aws"), "cloudformation", "deploy", "--stack-name", "STACK",
                "--template-file", str(template), "--capabilities", "CAPABILITY_IAM",
            ),
            "`cfgen deploy --skip-preflight --no-request`": (*cfgen, "--skip-preflight", "--no-request"),
            "`cfgen deploy`": cfgen,
        }.items()
    }  # fmt: skip


def _side_by_side(variables: dict[str, str], count: int) -> tuple[float, float]:
    """Seconds and peak memory in MB of one command that deploys ``count`` stacks at once."""
    with tempfile.TemporaryDirectory() as folder:
        text = SPEC.read_text(encoding="utf-8")
        for number in range(count):
            (Path(folder) / f"{number}.yaml").write_text(
                text.replace("\nname: ", f"\nname: side-{count}-{number}-"), encoding="utf-8"
            )
        began = time.perf_counter()
        peak = _run(
            [str(_BIN / "cfgen"), "deploy", folder, "--no-confirm", "--max-concurrency", str(min(count, 32))],
            variables,
        )
        return time.perf_counter() - began, peak / 1e6


def main(quick: bool) -> None:
    """Three ways to deploy one stack, in turn; then many stacks by one command."""
    with Sandbox(settings={"endpoint_seconds": SECONDS}) as sandbox, tempfile.TemporaryDirectory() as folder:
        variables = {**sandbox.environment(), "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
        subprocess.run(
            [str(_BIN / "cfgen"), "render", str(SPEC), "-o", folder],
            check=True,
            capture_output=True,
            cwd=ROOT,
        )
        [template] = Path(folder).glob("*/template.yaml")
        peaks: dict[str, int] = {}
        rivals = _rivals(variables, template, peaks)
        times = interleaved(rivals, 1 if quick else 3)
        plain = next(iter(times.values()))
        table(
            f"One stack with an endpoint that takes {SECONDS:.0f} s",
            ("way", "wall", "× plain", "peak memory"),
            [(n, f"{s:.1f} s", f"{s / plain:.2f}", f"{peaks[n] / 1e6:.0f} MB") for n, s in times.items()],
        )
        rows = []
        for count in (1, 5) if quick else (1, 5, 20):
            seconds, megabytes = _side_by_side(variables, count)
            rows.append((str(count), f"{seconds:.1f} s", f"{seconds / count:.1f} s", f"{megabytes:.0f} MB"))
        table("Stacks side by side, one `cfgen deploy`", ("stacks", "wall", "a stack", "peak memory"), rows)
