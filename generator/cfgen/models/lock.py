"""Facts beside a spec: ``NAME.facts.json``, so that sizing is decided from the same facts on every machine.

Written when a spec that leaves the instance type to cfgen is resolved with the hub in reach; to be committed with the
spec. What it says of a model at a revision is not asked again; other models are added, and those that the spec no
longer names go. Every render looks for the file, so little is imported before it is there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfgen.models.facts import ModelFacts


def lock_path(spec: Path) -> Path:
    """Where the facts for the spec at ``spec`` lie."""
    return spec.with_suffix(".facts.json")


class Lock:
    """The facts beside the spec at ``spec`` (None: a spec that is no file). Call it with a model and a revision."""

    def __init__(self, spec: Path | None) -> None:
        self.spec = spec
        self.asked: dict[tuple[str, str], ModelFacts] = {}
        self._kept: dict[tuple[str, str], ModelFacts] | None = None

    def __call__(self, model: str, revision: str) -> ModelFacts:
        """Facts from the file; else from the cache or the hub. Raises ModelError's kinds."""
        key = model, revision
        if key not in self.asked:
            if self._kept is None:
                self._kept = read_lock(self.spec) if self.spec else {}
            if key not in self._kept:
                from cfgen.models.inspection import from_hub

                self.asked[key] = from_hub(model, revision)
            else:
                self.asked[key] = self._kept[key]
        return self.asked[key]

    def take(self, facts: ModelFacts) -> None:
        """Keep these facts, from wherever they are, beside those that are kept. Raises StaleLock."""
        from dataclasses import replace

        self._kept = read_lock(self.spec) if self.spec else {}
        self.asked = {**self._kept, (facts.id, facts.revision): replace(facts, files=())}

    def save(self) -> Path | None:
        """Write the facts that were asked for, when the file does not say just that; its path if so.

        Raises WriteError.
        """
        if self.spec is None or not self.asked or self.asked == self._kept:
            return None
        from cfgen.files import write_atomically
        from cfgen.models.facts import FORMAT, as_json

        rows = [as_json(facts, with_files=False) for _, facts in sorted(self.asked.items())]
        path = lock_path(self.spec)
        write_atomically(path, json.dumps({"format": FORMAT, "models": rows}, indent=2) + "\n")
        return path


def read_lock(spec: Path) -> dict[tuple[str, str], ModelFacts]:
    """The facts kept beside ``spec`` by model and revision; none when there is no file.

    Raises StaleLock for a file that cannot be read.
    """
    from cfgen.models.errors import StaleLock
    from cfgen.models.facts import from_json

    path = lock_path(spec)
    try:
        rows = json.loads(path.read_bytes())["models"]
        found = [from_json(row) for row in rows]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StaleLock(str(path), f"cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StaleLock(str(path), f"is damaged: {error}", hint="Delete it; it is written anew.") from error
    return {(facts.id, facts.revision): facts for facts in found}
