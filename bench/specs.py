"""Different specs for measurements, all of which render."""

from __future__ import annotations

from pathlib import Path

TYPES = ("ml.g5.2xlarge", "ml.g6.2xlarge", "ml.g5.12xlarge", "ml.g6e.xlarge", "ml.g6.48xlarge")
FAMILIES = ("vllm", "sglang", "djl-lmi", "tgi", "huggingface-vllm")
NETWORKS = ("", "vpc: {mode: existing}\n", "vpc: {mode: create}\n")


def text(number: int) -> str:
    """The spec of this number; no two are the same."""
    return (
        f"name: model-{number}\n"
        f"description: measurement {number}\n"
        "model:\n"
        "  type: container\n"
        f"  modelId: example/model-{number}-7b\n"
        f"  revision: c{number:039x}\n"
        f"  container: {FAMILIES[number % len(FAMILIES)]}\n"
        "  env:\n"
        + "".join(f"    SETTING_{key}: value {number} {key}\n" for key in range(1 + number % 7))
        + "endpoint:\n"
        f"  instanceType: {TYPES[number // 5 % len(TYPES)]}\n"
        f"{NETWORKS[number // 25 % len(NETWORKS)]}"
        f"tags: {{number: '{number}'}}\n"
    )


def write(folder: Path, count: int) -> list[Path]:
    """``count`` spec files in ``folder``."""
    paths = []
    for number in range(count):
        path = folder / f"model-{number}.yaml"
        path.write_text(text(number))
        paths.append(path)
    return paths
