"""Linting: `cfgen lint` of many templates against the cfn-lint command, once a file and once for all."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench import specs
from bench.measure import command, interleaved, python, seconds, table

REGIONS = ("us-east-1", "us-west-2")


def main(quick: bool) -> None:
    """50 templates (10 when quick), linted for the same two regions by all."""
    count = 10 if quick else 50
    cfn_lint = str(Path(sys.executable).with_name("cfn-lint"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = specs.write(folder, count)
        subprocess.run([sys.executable, "-m", "cfgen", "render", "-o", str(folder / "out"), *map(str, paths)],
                       check=True, capture_output=True)  # fmt: skip
        templates = sorted(str(p) for p in folder.glob("out/*/template.yaml"))
        regions = [part for region in REGIONS for part in ("--region", region)]
        rivals = {
            "cfn-lint, once for all": command(cfn_lint, "-r", *REGIONS, "-t", *templates),
            "cfgen lint (cfn-lint and our rules)": python("-m", "cfgen", "lint", *regions, *templates),
            "cfgen lint --fast": python("-m", "cfgen", "lint", "--fast", *templates),
        }
        times = interleaved(rivals, 1 if quick else 3)
        each = seconds(
            lambda: [command(cfn_lint, "-r", *REGIONS, "-t", template)() for template in templates]
        )
    times = {"cfn-lint, once a file": each, **times}
    ours = times["cfgen lint (cfn-lint and our rules)"]
    rows = [
        [name, f"{t:.2f} s", f"{t / count * 1000:.0f} ms", f"{t / ours:.2f}"] for name, t in times.items()
    ]
    table(
        f"Linting {count} templates for {len(REGIONS)} regions",
        ["command", "wall", "a template", "× ours"],
        rows,
    )
