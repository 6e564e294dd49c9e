"""A Dockerfile read for what can be tried without Docker: its stages, what it copies, what it runs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.conftest import ROOT


@dataclass
class Stage:
    """One ``FROM`` with the instructions after it, in order."""

    base: str
    name: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)

    def every(self, instruction: str) -> list[str]:
        return [text for kind, text in self.steps if kind == instruction]


def stages(text: str) -> list[Stage]:
    """The stages, with the defaults of global arguments put in."""
    found: list[Stage] = []
    arguments: dict[str, str] = {}
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        kind, _, rest = line.partition(" ")
        if not kind:
            continue
        assert kind.isupper(), line
        if kind == "ARG" and not found:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif kind == "FROM":
            base, _, name = rest.partition(" AS ")
            for argument, value in arguments.items():
                base = base.replace(f"${{{argument}}}", value)
            found.append(Stage(base, name))
        else:
            found[-1].steps.append((kind, rest.strip()))
    return found


def environment(stage: Stage) -> dict[str, str]:
    """Its ENV, ``NAME=VALUE …``."""
    pairs = [one.partition("=") for text in stage.every("ENV") for one in text.split()]
    return {name: value for name, _, value in pairs}


def entry(stage: Stage) -> list[str]:
    """Its ENTRYPOINT in the exec form."""
    (text,) = stage.every("ENTRYPOINT")
    command = json.loads(text)
    assert isinstance(command, list)
    return command


def ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore keeps a file out of the context: the last pattern that matches it or a folder of it.

    Of Docker's patterns, those that are used: ``*``, a path, ``**/NAME``.
    """
    here = PurePosixPath(path)
    places = [str(one) for one in (here, *here.parents)]
    answer = False
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        anywhere = plain.startswith("**/") and plain.removeprefix("**/") in here.parts
        if plain == "*" or plain in places or anywhere:
            answer = not pattern.startswith("!")
    return answer


def ignore_patterns() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def context() -> list[Path]:
    """The files of the checkout that a build sees."""
    tops = [ROOT / one.removeprefix("!") for one in ignore_patterns() if one.startswith("!")]
    files = [
        file
        for top in tops
        for file in ([top] if top.is_file() else sorted(top.rglob("*")))
        if file.is_file()
    ]
    patterns = ignore_patterns()
    return [file for file in files if not ignored(file.relative_to(ROOT).as_posix(), patterns)]
