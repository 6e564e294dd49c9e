"""JumpStart's models: what AWS serves each with, by version. Read when a spec or a search asks for it.

::

    models = load()
    release = models.release("meta-textgeneration-llama-3-1-8b-instruct")   # the newest that can be served
    release.image("ml.g5.4xlarge").name                                     # djl-inference:0.29.0-lmi11.0.0-cu124

Derived by ``jumpstart_refresh``; ``jumpstart_pack`` says how the file is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from cfgen.catalogue.errors import DataError, UnknownJumpStartModel, UnknownJumpStartVersion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

BUCKET, GATED_BUCKET = "jumpstart-cache-prod-", "jumpstart-private-cache-prod-"
"""Beginnings of the buckets' names, before the region's: files for all, and files behind a licence."""


@dataclass(frozen=True, slots=True)
class JumpStartImage:
    """What an instance family is served with. ``choices``: (repository:tag, {region: account}), newest first;
    more than one where not every region has the same image."""

    families: frozenset[str]
    choices: tuple[tuple[str, Mapping[str, str]], ...]

    @property
    def name(self) -> str:
        """``repository:tag`` where most regions have it."""
        return self.choices[0][0]

    @property
    def in_region(self) -> dict[str, tuple[str, str]]:
        """Region → (account, repository:tag)."""
        found: dict[str, tuple[str, str]] = {}
        for name, accounts in self.choices:
            for region, account in accounts.items():
                found.setdefault(region, (account, name))
        return found


@dataclass(frozen=True, slots=True)
class Release:
    """One version of one model. ``variants``: instance type or family → environment over ``environment``.

    ``packages`` (region → ARN) instead of ``key`` where AWS keeps it as a model package. ``isolated``: whether AWS
    serves it without a network, None when the list does not say.
    """

    model_id: str
    version: str
    instance_type: str
    instance_types: tuple[str, ...]
    key: str
    gated: bool
    eula: str
    environment: Mapping[str, str]
    images: tuple[JumpStartImage, ...]
    variants: Mapping[str, Mapping[str, str]]
    packages: Mapping[str, str]
    framework: str
    min_sdk: str
    deprecated: bool
    vulnerable: bool
    isolated: bool | None

    @property
    def usable(self) -> bool:
        """Whether there is an image and an artifact to serve."""
        return bool(self.images and self.key and not self.packages)

    def image(self, instance_type: str) -> JumpStartImage | None:
        """The image for an instance type, None when its family has none."""
        family = instance_type.split(".")[1]
        return next((image for image in self.images if family in image.families), None)

    def environment_on(self, instance_type: str) -> dict[str, str]:
        """The environment on an instance type: the model's, then the family's over it, then the type's."""
        family = self.variants.get(instance_type.split(".")[1], {})
        return {**self.environment, **family, **self.variants.get(instance_type, {})}

    @property
    def bucket(self) -> str:
        """The beginning of the artifact bucket's name; the region's name follows."""
        return GATED_BUCKET if self.gated else BUCKET

    @property
    def eula_url(self) -> str:
        """Where the licence can be read, empty without one. It is the same text in every region."""
        return f"https://{BUCKET}us-east-1.s3.us-east-1.amazonaws.com/{self.eula}" if self.eula else ""


class JumpStart:
    """The list of models. ``regions``: where JumpStart has its buckets."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self.regions: frozenset[str] = frozenset(table["regions"])

    @property
    def ids(self) -> tuple[str, ...]:
        """All model ids, sorted."""
        return tuple(self._table["models"])

    @property
    def sources(self) -> tuple[Mapping[str, str], ...]:
        """What the list was made of."""
        return tuple(self._table["sources"])

    def versions(self, model_id: str) -> tuple[str, ...]:
        """All versions, newest first. Raises UnknownJumpStartModel."""
        return tuple(version for row in self._rows(model_id) for version in row[0])

    def newest(self, model_id: str) -> Release:
        """The newest version, which may list nothing to serve it with. Raises UnknownJumpStartModel."""
        row = self._rows(model_id)[0]
        return self._release(model_id, row[0][0], row)

    def release(self, model_id: str, version: str | None = None) -> Release:
        """A version: exact, a beginning of one (``2``, ``2.1``: the newest of those), or the newest usable one.

        Raises UnknownJumpStartModel, UnknownJumpStartVersion.
        """
        rows = self._rows(model_id)
        wanted = None if version in (None, "", "latest", "*") else str(version).removesuffix(".*")
        fallback: Release | None = None
        for row in rows:
            for name in row[0]:
                if wanted is not None and name != wanted and not name.startswith(f"{wanted}."):
                    continue
                release = self._release(model_id, name, row)
                if release.usable:
                    return release
                fallback = fallback or release
        if fallback is None:
            raise UnknownJumpStartVersion(model_id, str(version), self.versions(model_id))
        return fallback

    def releases(self, model_id: str) -> list[Release]:
        """Every version, newest first. Raises UnknownJumpStartModel."""
        return [self._release(model_id, name, row) for row in self._rows(model_id) for name in row[0]]

    def _rows(self, model_id: str) -> list[list[Any]]:
        rows: list[list[Any]] | None = self._table["models"].get(model_id)
        if rows is None:
            raise UnknownJumpStartModel(model_id, self.ids)
        return rows

    @cached_property
    def _images(self) -> list[tuple[JumpStartImage, ...]]:
        accounts, sets = self._table["accounts"], self._table["region_sets"]
        return [
            tuple(
                JumpStartImage(
                    frozenset(self._table["families"][families]),
                    tuple(
                        sorted(
                            (
                                (name, {region: accounts[group][region] for region in sets[where]})
                                for name, group, where in choices
                            ),
                            key=lambda choice: -len(choice[1]),
                        )
                    ),
                )
                for families, choices in groups
            )
            for groups in self._table["images"]
        ]

    def _release(self, model_id: str, version: str, row: list[Any]) -> Release:
        _, instance_type, types, key, environment, images, variants, terms = row
        table = self._table
        said = table["terms"][terms]
        return Release(
            model_id=model_id,
            version=version,
            instance_type=instance_type,
            instance_types=tuple(table["types"][types]),
            key=table["keys"][key],
            gated=said.get("gated", False),
            eula=said.get("eula", ""),
            environment=table["environments"][environment],
            images=self._images[images],
            variants=table["variants"][variants],
            packages=said.get("packages", {}),
            framework=said.get("framework", ""),
            min_sdk=said.get("min_sdk", ""),
            deprecated=said.get("deprecated", False),
            vulnerable=said.get("vulnerable", False),
            isolated=said.get("isolated"),
        )


@cache
def load(folder: Path | None = None) -> JumpStart:
    """The bundled list, or the one in ``folder``. Raises DataError for a damaged installation."""
    import json

    from cfgen.catalogue.data_files import DATA

    path = (folder or DATA) / "jumpstart.json"
    try:
        return JumpStart(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"cfgen's own list of JumpStart models cannot be read: {error}", hint="Install cfgen again."
        ) from error
