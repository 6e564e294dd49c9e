"""Functions that share code: what is embedded stands alone, and says nothing twice."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from cfgen.paths import templates_dir
from cfgen.render.joining import joined
from cfgen.render.parts import FITS, source

FUNCTIONS = templates_dir() / "functions"
PROVIDED = {"boto3", "botocore", "urllib3"}
"""What Lambda's Python has besides the standard library."""


def defined(text: str) -> list[str]:
    """Names at the top of a module, in order."""
    found: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return found


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.py")), ids=lambda path: path.name)
def test_every_function_stands_alone(path: Path) -> None:
    text = joined(path)
    names = defined(text)
    assert len(names) == len(set(names)), "joined code hides what stood there"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            modules = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            )
            for module in modules:
                top = module.split(".")[0]
                assert top in sys.stdlib_module_names or top in PROVIDED, module
    for fit in FITS:
        compile(source(path.name, fit), path.name, "exec")


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


def test_what_is_joined_runs_and_is_joined_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        own='"""Mine."""\n\nimport json\n\nfrom near import PLACE, say\nfrom far import count\n\n\ndef main():\n    return say(json.dumps(PLACE) + str(count))\n',
        near='"""Not mine."""\n\nimport base64\nfrom pathlib import PurePosixPath\n\nfrom far import count\n\nPLACE = ["a"]\n\n\ndef say(text):\n    """Words."""\n    return PurePosixPath(text).name * count\n',
        far="import json\nfrom pathlib import Path, PurePosixPath\n\ncount = 2\n",
    )
    text = joined(tmp_path / "own.py")
    assert text == (
        '"""Mine."""\n\n'
        "import base64\nimport json\nfrom pathlib import Path, PurePosixPath\n\n\n"
        "def main():\n    return say(json.dumps(PLACE) + str(count))\n\n\n"
        'PLACE = ["a"]\n\n\ndef say(text):\n    """Words."""\n    return PurePosixPath(text).name * count\n\n\n'
        "count = 2\n"
    )
    space: dict[str, object] = {}
    exec(compile(text, "own.py", "exec"), space)
    main = space["main"]
    assert callable(main)
    assert main() == '["a"]2["a"]2'


def test_a_file_that_takes_nothing_is_as_it_stands(tmp_path: Path) -> None:
    text = "import json   # as it is\n\nprint(json)\n"
    write(tmp_path, own=text)
    assert joined(tmp_path / "own.py") == text
