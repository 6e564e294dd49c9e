"""The bucket of a feature: one that the template makes, or one of the user's."""

from __future__ import annotations

from typing import Protocol

from cfgen.resolve.collector import Collector

DAYS = 30
"""How long a bucket of the template's keeps what is put there, when the spec does not say."""


class Asked(Protocol):
    """What a spec says of a bucket."""

    @property
    def bucket(self) -> str | None:
        """The user's; None for one of the template's."""

    @property
    def expire_after_days(self) -> int | None:
        """Until when the template's keeps things."""

    @property
    def retain_on_delete(self) -> bool:
        """Whether the template's stays when the stack goes."""


def check_bucket(key: str, asked: Asked, notes: Collector) -> None:
    """Note what is said of a bucket of the template's under ``key`` of the spec, which names one of the user's."""
    if not asked.bucket:
        return
    for name, given in (
        ("expireAfterDays", asked.expire_after_days is not None),
        ("retainOnDelete", asked.retain_on_delete),
    ):
        if given:
            notes.refuse(
                f"{key}.{name}", "is about a bucket of the template's, not about yours", "leave it out"
            )
