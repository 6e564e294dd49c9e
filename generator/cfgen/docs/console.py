"""Console blocks of hand-written pages: their commands are run, and their output is what stands below them.

A page is one session in an empty folder that holds a copy of ``specs/``. YAML and text blocks with a ``title`` are
written as files of that name; in ``console`` blocks, lines that begin with ``$`` are commands. Commands that are not
in ``RUN`` or ``LOCAL`` (aws, cfgen deploy, make …) are not run, and what stands below them is left as it is.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from cfgen.paths import specs_dir

_BLOCK = re.compile(r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S)
_TITLE = re.compile(r'title="([^"]+)"')
RUN = frozenset({"cat", "diff", "grep", "head", "ls", "mkdir", "sed", "tail", "wc"})
"""Programs that a page's session runs, beside cfgen."""
LOCAL = frozenset(
    {
        "validate",
        "render",
        "lint",
        "explain",
        "schema",
        "catalog images",
        "catalog instances",
        "catalog regions",
        "plan --offline",
        "inspect ./mistral",
        "size ./mistral",
    }
)
"""Commands of cfgen that ask nobody: neither AWS nor a package index."""


def refreshed(text: str, folder: Path) -> str:
    """``text`` with the outputs of its console blocks as they are now; ``folder``, empty, becomes the session's."""
    if "```console" not in text:
        return text
    skip = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(
        specs_dir(), folder / "specs", ignore=lambda at, names: skip(at, names) - {".cfgenignore"}
    )

    def one(match: re.Match[str]) -> str:
        info, body = match["info"], match["body"]
        if title := _TITLE.search(info):
            file = folder / title[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
        if not info.startswith("console"):
            return match[0]
        return f"{match['indent']}```{info}\n{_session(body, folder)}{match['indent']}```"

    return _BLOCK.sub(one, text)


def commands(text: str) -> list[str]:
    """Every command line that a page shows in its blocks, continued lines joined."""
    found = []
    for match in _BLOCK.finditer(text):
        language = match["info"].split(" ")[0]
        body = match["body"].replace("\\\n", " ")
        if language == "console":
            found += [line.strip()[2:] for line in body.splitlines() if line.strip().startswith("$ ")]
        elif language in {"sh", "shell", "bash"}:
            found += [line.strip() for line in body.splitlines() if line.strip()]
    return found


def programs(command: str) -> list[list[str]]:
    """The words of each program of a command line, without files that it reads from or writes to."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if word and set(word) <= set("<>"):
            next(lexer, None)
        elif word and set(word) <= set(";|&()"):
            found.append([])
        else:
            found[-1].append(word)
    return [words for words in found if words]


def _session(body: str, folder: Path) -> str:
    lines, out = body.splitlines(keepends=True), []
    while lines:
        line = lines.pop(0)
        out.append(line)
        if not line.startswith("$ "):
            continue
        command = line[2:]
        while command.endswith("\\\n"):
            out.append(lines[0])
            command = command[:-2] + lines.pop(0)
        shown = []
        while lines and not lines[0].startswith("$ "):
            shown.append(lines.pop(0))
        out += _run(command, folder) if _is_local(command) else shown
    return "".join(out)


def _is_local(command: str) -> bool:
    """Whether every program of a pipeline stays on this machine."""
    for words in programs(command):
        if words[0] == "cfgen":
            if not {" ".join(words[1:2]), " ".join(words[1:3])} & LOCAL:
                return False
        elif words[0] not in RUN:
            return False
    return True


def _run(command: str, folder: Path) -> list[str]:
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "NO_COLOR": "1",
        "COLUMNS": "96",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    output = [line.rstrip() for line in done.stdout.splitlines()]
    # an exit code other than 0 is part of what a command says
    return [
        f"{line}\n" for line in (*output, *([f"[exit code {done.returncode}]"] if done.returncode else []))
    ]
