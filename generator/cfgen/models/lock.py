"""Facts beside a spec: ``NAME.facts.json``, so that sizing is decided from the same facts on every machine.

Written when a spec that asks for ``instanceType: auto`` is first resolved with the hub in reach; to be committed with
the spec. Facts of another model, or of another revision than the spec's, are read anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from cfgen.models.errors import StaleLock
from cfgen.models.facts import ModelFacts, as_json, from_json


def lock_path(spec: Path) -> Path:
    """Where the facts for the spec at ``spec`` lie."""
    return spec.with_suffix(".facts.json")


def read_lock(spec: Path, model: str, revision: str) -> ModelFacts | None:
    """The facts kept beside ``spec`` for this model and revision; None when there are none, or of another.

    Raises StaleLock for a file that cannot be read.
    """
    path = lock_path(spec)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StaleLock(str(path), f"cannot be read: {error.strerror or error}") from error
    try:
        facts = from_json(json.loads(data))
    except (ValueError, AttributeError, RecursionError) as error:
        raise StaleLock(
            str(path), f"is damaged: {error}", hint="Delete it; it is written anew from the hub."
        ) from error
    return facts if (facts.id, facts.revision) == (model, revision) else None


def write_lock(spec: Path, facts: ModelFacts) -> Path:
    """Keep ``facts`` beside ``spec``; the file's path. Raises WriteError."""
    from cfgen.files import write_atomically

    path = lock_path(spec)
    write_atomically(path, json.dumps(as_json(facts, with_files=False), indent=2) + "\n")
    return path
