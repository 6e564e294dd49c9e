"""What listings of the catalogue are made of; apart from ``model`` because a render needs neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A published package the data was derived from. ``sha256`` is of ``file`` as downloaded."""

    package: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """A row of the catalogue: one version of a family for one architecture, with its tag for each processor.

    ``tags`` maps ``gpu``, ``cpu`` and ``neuron`` to tags; one tag may serve several.
    """

    family: str
    version: str
    repository: str
    tags: Mapping[str, str]
    accounts: Mapping[str, str]
    base: str = ""
    cuda: str | None = None
    architecture: str = "x86_64"
    aliases: tuple[str, ...] = ()

    @property
    def processors(self) -> tuple[str, ...]:
        """Processors it has an image for, in the order gpu, cpu, neuron."""
        return tuple(self.tags)

    @property
    def regions(self) -> frozenset[str]:
        """Where this version can be pulled."""
        return frozenset(self.accounts)
