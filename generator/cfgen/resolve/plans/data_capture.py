"""Data capture: what of requests and answers is kept, where, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataCapturePlan:
    """DataCaptureConfig and its bucket. ``prefix`` ends in a slash; ``sampling`` in percent.

    ``bucket`` is a logical id: of the bucket made, or of a launcher's parameter whose default is ``given_bucket``.
    ``emptied``: buckets to empty before they go.
    """

    bucket: str
    given_bucket: str
    prefix: str
    sampling: int
    modes: tuple[str, ...]
    json_types: tuple[str, ...]
    csv_types: tuple[str, ...]
    expire_after_days: int
    retain: bool
    emptied: tuple[str, ...]
