"""How long a container may take to start: SageMaker's two timeouts, from the size of the weights.

A timeout that is too long costs minutes of a failure; one that is too short fails a deployment that would
have worked. So the assumed rates are slow ones, and the total gets half as much again.
"""

from __future__ import annotations

import math

from cfgen.resolve.container_kinds import Processor

# GB/s. Hub: a container on a 10-Gbit instance behind a shared NAT gateway; S3: SageMaker's parallel download
HUB_RATE = 0.1
S3_RATE = 0.2
# GB/s from disk to the accelerator (or memory), checkpoint conversion included
LOAD_RATE: dict[Processor, float] = {"gpu": 0.5, "cpu": 0.3, "neuron": 0.2}
# seconds: start and imports, then memory profiling and CUDA graphs; Neuron loads (or makes) compiled graphs
BASE: dict[Processor, int] = {"gpu": 240, "cpu": 120, "neuron": 900}
MARGIN = 1.5
# a size that cannot be told from the name: as if of this many billions
UNKNOWN_SIZE = 14.0

LEAST, MOST = 60, 3600
_READABLE = (300, 600, 900, 1200, 1500, 1800, 2400, 3000, MOST)


def readable(seconds: float) -> int:
    """The next of a few round numbers within SageMaker's limits (60 to 3600)."""
    return next((step for step in _READABLE if step >= math.ceil(seconds)), MOST)


def timeouts(
    parameters_billion: float | None, processor: Processor, staged: bool, weights_bits: int = 16
) -> tuple[int, int]:
    """``ModelDataDownloadTimeoutInSeconds`` and ``ContainerStartupHealthCheckTimeoutInSeconds``.

    Staged weights are downloaded by SageMaker before the container starts and count for the first; else the
    container downloads them and they count for the second.
    """
    size = UNKNOWN_SIZE if parameters_billion is None else max(0.0, parameters_billion)
    gigabytes = size * weights_bits / 8
    download = MARGIN * gigabytes / S3_RATE if staged else 0.0
    startup = BASE[processor] + gigabytes / LOAD_RATE[processor]
    if not staged:
        startup += gigabytes / HUB_RATE
    return readable(download), readable(MARGIN * startup)
