"""What a list of JumpStart models says of one model in one version; what the sources are read into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cfgen.catalogue.refresh_sources import RefreshError

_MODEL_ID = re.compile(r"[a-z0-9][A-Za-z0-9._-]{0,255}\Z")
_VERSION = re.compile(r"\d+(\.\d+){0,3}\Z")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.=+@-]*(\.tar\.gz|/)\Z")
_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/(?P<image>[a-z0-9._/-]+:[\w.-]+)\Z"
)
LEFT_OUT = frozenset({"SAGEMAKER_SUBMIT_DIRECTORY"})
"""Variables of the list that an endpoint does not take: the prepacked artifact has its code inside."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one model.

    ``images``: (instance families, ((repository:tag, {region: account}), …)), usually one image a group; several
    where regions differ. ``variants``: instance type or family → environment that goes over ``environment``.
    ``isolated``: None when the source does not say. ``packages``: region → ARN, for what is no artifact.
    """

    model_id: str
    version: str
    instance_type: str
    instance_types: tuple[str, ...]
    key: str
    gated: bool
    eula: str
    environment: Mapping[str, str]
    images: tuple[tuple[tuple[str, ...], tuple[tuple[str, Mapping[str, str]], ...]], ...]
    variants: Mapping[str, Mapping[str, str]]
    packages: Mapping[str, str] = field(default_factory=dict)
    framework: str = ""
    min_sdk: str = ""
    deprecated: bool = False
    vulnerable: bool = False
    isolated: bool | None = None

    def checked(self) -> Entry:
        """The entry itself; raises RefreshError when a value is not what it should be: it ends up in templates."""
        for what, pattern, value in (
            ("model id", _MODEL_ID, self.model_id),
            ("version", _VERSION, self.version),
            ("artifact key", _KEY, self.key or "x/"),
            ("licence key", re.compile(r"[\w/.-]*\Z"), self.eula),
        ):
            if not pattern.match(value):
                raise RefreshError(f"JumpStart model {self.model_id} {self.version}: {what} {value!r} is odd")
        return self


def image_groups(
    variants: Mapping[str, str], aliases: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[tuple[str, ...], tuple[tuple[str, Mapping[str, str]], ...]], ...]:
    """Families by image. ``variants``: family → alias (``$name``); ``aliases``: region → {alias: image URI}.

    Raises RefreshError for a URI that is not an image in its region.
    """
    by_alias: dict[str, dict[str, dict[str, str]]] = {}
    for region, names in aliases.items():
        for alias, uri in names.items():
            match = _URI.match(uri)
            if match is None:
                if ".dkr.ecr." in uri:
                    raise RefreshError(f"JumpStart image {uri!r} is not an Amazon ECR image URI with a tag")
                continue  # an alias of something else, such as a model package
            if match["region"] != region:
                raise RefreshError(f"JumpStart image {uri} is listed for {region}")
            by_alias.setdefault(alias, {}).setdefault(match["image"], {})[region] = match["account"]
    families: dict[str, list[str]] = {}
    for family, alias in variants.items():
        if alias.removeprefix("$") in by_alias and not family.startswith("local"):
            families.setdefault(alias.removeprefix("$"), []).append(family)
    return tuple(
        (tuple(sorted(names)), tuple(sorted(by_alias[alias].items()))) for alias, names in families.items()
    )


def kept(environment: Mapping[str, object]) -> dict[str, str]:
    """An environment as text, without what is left out."""
    return {name: str(value) for name, value in environment.items() if name not in LEFT_OUT}
