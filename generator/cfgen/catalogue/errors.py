"""What a look-up in the catalogue can fail of. Each error names what exists and what may have been meant.

Hierarchy::

    cfgen.errors.CfgenError
    ├── CatalogueError                 fields: what the class docstring names
    │   ├── UnknownFamily              no such image family
    │   ├── UnknownVersion             the family has no such version (for this architecture)
    │   ├── NoImageForProcessor        the version exists, but not for this processor
    │   ├── ImageNotInRegion           the version exists, but its registry has it not in this region
    │   ├── UnknownInstance            no such instance type, or none that SageMaker hosts
    │   ├── UnknownRegion              no such region
    │   ├── UnknownJumpStartModel      no JumpStart model of that id
    │   ├── UnknownJumpStartVersion    the JumpStart model has no such version
    │   ├── DataError                  the bundled data cannot be read
    │   ├── RefreshError               a package is missing, damaged or not shaped as it was (refresh_sources)
    │   ├── RefusedRefresh             the result lost too much, or changed an account (refresh)
    │   └── OverlayError               the user's overlay file (a ProblemsError too): every problem, with places
    └── ProblemsError
"""

from __future__ import annotations

from collections.abc import Iterable

from cfgen.errors import CfgenError, ProblemsError, shorten

USUAL = ("djl-lmi", "huggingface", "pytorch", "sglang", "tei", "tgi", "triton", "vllm", "xgboost")
"""What most people ask for."""


class CatalogueError(CfgenError):
    """A look-up failed."""


class UnknownFamily(CatalogueError):
    """``family`` is not in the catalogue."""

    def __init__(self, family: str, known: Iterable[str]) -> None:
        self.family = family
        known = sorted(known)
        near = did_you_mean(family, known)
        usual = "" if near else f"Such as {', '.join(USUAL)}; "
        super().__init__(
            f"no image family '{shorten(family, 60)}'{near}",
            hint=f"{usual}cfgen catalog images lists all. A full image URI or an overlay file works too.",
        )


class UnknownVersion(CatalogueError):
    """``family`` has no ``version``."""

    def __init__(self, family: str, version: str, known: Iterable[str]) -> None:
        self.family, self.version = family, version
        known = list(dict.fromkeys(known))
        super().__init__(
            f"{family} has no version '{version}'{did_you_mean(version, known)}",
            hint=f"Versions, newest first: {shortened(known)}. An overlay file can add one.",
        )


class NoImageForProcessor(CatalogueError):
    """``family`` (``version``, when one was asked for) has none for ``processor`` and ``architecture``."""

    def __init__(
        self, family: str, version: str | None, target: tuple[str, str], known: Iterable[tuple[str, str]]
    ) -> None:
        self.family, self.version = family, version
        self.processor, self.architecture = target
        name = family if version is None else f"{family}:{version}"
        super().__init__(
            f"{name} has no image for {_target(target)} instances",
            hint=f"It runs on: {', '.join(dict.fromkeys(_target(one) for one in known))}.",
        )


def _target(target: tuple[str, str]) -> str:
    processor, architecture = target
    return processor if architecture == "x86_64" else f"{processor} ({architecture})"


class ImageNotInRegion(CatalogueError):
    """``image`` (repository:tag) is not in ``region``."""

    def __init__(self, image: str, region: str, known: Iterable[str]) -> None:
        self.image, self.region = image, region
        known = sorted(known)
        super().__init__(
            f"{image} is not in {region}",
            hint=f"It is in {len(known)} regions: {shortened(known, 50)}.",
        )


class UnknownInstance(CatalogueError):
    """``name`` is no instance type that SageMaker hosts; ``reason`` says more where more is known."""

    def __init__(self, name: str, known: Iterable[str], reason: str = "") -> None:
        self.name, self.reason = name, reason
        if reason:
            super().__init__(f"{name} cannot host an endpoint: {reason}", hint=_INSTANCES)
            return
        known = list(known)
        bare = name if name.startswith("ml.") else f"ml.{name}"
        guess = f"; did you mean '{bare}'?" if name != bare and bare in known else did_you_mean(bare, known)
        super().__init__(f"no instance type '{name}'{guess}", hint=_INSTANCES)


_INSTANCES = "`cfgen catalog instances` lists the types that SageMaker hosts, and where."


class UnknownRegion(CatalogueError):
    """``name`` is no region."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        known = sorted(known)
        super().__init__(
            f"no region '{name}'{did_you_mean(name, known)}", hint=f"Regions: {shortened(known, 50)}."
        )


class UnknownJumpStartModel(CatalogueError):
    """``model_id`` is no id of JumpStart's."""

    def __init__(self, model_id: str, known: Iterable[str]) -> None:
        import difflib

        self.model_id = model_id
        known = list(known)
        words = [word for word in model_id.lower().replace("/", "-").split("-") if word]
        alike = [name for name in known if all(word in name for word in words)] if words else []
        near = [*difflib.get_close_matches(model_id.lower(), known, 3, 0.6), *alike]
        guesses = list(dict.fromkeys(near))[:4]
        super().__init__(
            f"no JumpStart model '{model_id}'"
            + (f"; did you mean {' or '.join(guesses)}?" if guesses else ""),
            hint="`cfgen catalog models WORDS` searches the list.",
        )


class UnknownJumpStartVersion(CatalogueError):
    """``model_id`` has no ``version``."""

    def __init__(self, model_id: str, version: str, known: Iterable[str]) -> None:
        self.model_id, self.version = model_id, version
        known = list(known)
        super().__init__(
            f"{model_id} has no version '{version}'{did_you_mean(version, known)}",
            hint=f"Versions, newest first: {shortened(known)}.",
        )


class DataError(CatalogueError):
    """The bundled data is missing or damaged: the installation is at fault, not the user."""


class OverlayError(ProblemsError, CatalogueError):
    """Problems in the user's overlay file, all of them."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, or nothing."""
    import difflib

    near = difflib.get_close_matches(word.lower(), list(known), 1, 0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def shortened(words: Iterable[str], limit: int = 12) -> str:
    """The words joined by commas, at most ``limit`` of them and then how many are left."""
    words = list(words)
    rest = len(words) - limit
    return ", ".join(words[:limit]) + (f" and {rest} more" if rest > 0 else "")
