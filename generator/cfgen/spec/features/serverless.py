"""``serverless``: no instances; SageMaker starts containers as requests come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import SpecModel

Concurrency = Annotated[int, Field(ge=1, le=200)]


class Serverless(SpecModel):
    """``serverless``: billed by the millisecond of a request. CPU only; the first request after a pause waits."""

    memory_size: Literal[1024, 2048, 3072, 4096, 5120, 6144] = Field(
        alias="memorySizeInMB", description="Memory of a container, in MB; its share of CPU grows with it."
    )
    max_concurrency: Concurrency = Field(10, description="Requests worked on at a time, at most (1 to 200).")
    provisioned_concurrency: Concurrency | None = Field(
        None,
        description="Requests for which containers are kept ready, billed while the stack exists; none when absent.",
    )
