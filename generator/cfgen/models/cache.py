"""Facts by commit in the user's cache folder: what is known of a commit never changes.

Beside them, for each branch or tag, the commit it named last: so that what was seen once is there offline. A damaged
or unwritable cache is the same as an empty one. Facts of hubs are apart from each other.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cfgen import __version__
from cfgen.models.facts import FORMAT, ModelFacts, as_json, from_json, is_commit
from cfgen.paths import cache_dir


def _place(*words: str) -> Path:
    # how facts are read may change with a version
    name = hashlib.sha256("\0".join((__version__, str(FORMAT), *words)).encode()).hexdigest()
    return cache_dir() / "models" / f"{name}.json"


def recall(endpoint: str, model: str, commit: str) -> ModelFacts | None:
    """The facts kept of ``model`` at ``commit``, or None."""
    try:
        facts = from_json(json.loads(_place(endpoint, model, commit).read_bytes()))
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    return facts if (facts.id, facts.commit) == (model, commit) else None


def keep(endpoint: str, model: str, facts: ModelFacts) -> None:
    """Keep facts under their commit."""
    _write(_place(endpoint, model, facts.commit), as_json(facts))


def point(endpoint: str, model: str, revision: str, commit: str) -> None:
    """Remember which commit ``revision`` names."""
    if not is_commit(revision):
        _write(_place(endpoint, model, "at", revision), {"commit": commit})


def last(endpoint: str, model: str, revision: str) -> ModelFacts | None:
    """The facts of the commit that ``revision`` named when it was asked for last, or None."""
    try:
        commit = json.loads(_place(endpoint, model, "at", revision).read_bytes())["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return recall(endpoint, model, str(commit))


def _write(place: Path, row: object) -> None:
    from cfgen.files import WriteError, write_atomically

    try:
        write_atomically(place, json.dumps(row))
    except (WriteError, OSError):
        return
