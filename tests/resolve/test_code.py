"""The code folder: what of it is taken, what is refused, and that the same files are the same content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cfgen.catalogue import load as load_catalogue
from cfgen.resolve import ResolveError, Stack, code, resolve
from cfgen.spec import parse_spec

SPEC = """\
name: example
model: {type: custom-inference, modelId: a/b, revision: main, codeFolder: code}
endpoint: {instanceType: ml.g4dn.xlarge}
smokeTest: {body: {inputs: "Hello"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "code"
    made.mkdir()
    (made / "inference.py").write_text("def model_fn(folder): ...\n")
    return made


def stack_of(folder: Path, text: str = SPEC) -> Stack:
    return resolve(parse_spec(text, "example.yaml", folder.parent), load_catalogue())


def names(folder: Path) -> list[str]:
    from cfgen.resolve.collector import Collector

    notes = Collector(parse_spec(SPEC, "example.yaml", folder.parent))
    found = code.code_files(folder, "model.codeFolder", notes)
    notes.check()
    return [name for name, _ in found]


def test_hidden_files_caches_and_what_cfgenignore_names_stay_out(folder: Path) -> None:
    for name in (
        ".env",
        "__pycache__/a.pyc",
        ".git/config",
        "notes.md",
        "data/big.csv",
        "data/keep.json",
        "lib/util.py",
        "x.pyc",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / ".cfgenignore").write_text("*.md\ndata/*\n!data/keep.json\n")
    assert names(folder) == ["data/keep.json", "inference.py", "lib/util.py"]


def test_the_archive_depends_on_names_and_contents_alone(folder: Path) -> None:
    first = code.archive([("inference.py", b"x"), ("a/ü.txt", b"y")])
    assert code.archive([("inference.py", b"x"), ("a/ü.txt", b"y")]) == first
    key = stack_of(folder).build
    os.utime(folder / "inference.py", (1, 1))
    (folder / "inference.py").chmod(0o755)
    assert stack_of(folder).build == key
    (folder / "inference.py").write_text("def model_fn(folder): return 1\n")
    changed = stack_of(folder).build
    assert changed is not None
    assert key is not None
    assert changed.key != key.key


def test_the_archive_is_the_same_on_every_machine() -> None:
    data = code.archive([("inference.py", b"print(1)\n"), ("lib/util.py", b"")])
    assert (
        hashlib.sha256(data).hexdigest() == "8bd5efae73b681816812c982952959d7a2c63fd580b6ed1fcb9b81a22c3eee59"
    )


def outside(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("x")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")


def large(folder: Path) -> None:
    with (folder / "model.bin").open("wb") as stream:
        stream.truncate(code.MAX_FILE_BYTES + 1)


def many(folder: Path) -> None:
    for number in range(code.MAX_FILES + 1):
        (folder / f"f{number}").touch()


def gone(folder: Path) -> None:
    (folder / "inference.py").unlink()
    folder.rmdir()


FAULTS: list[tuple[str, Callable[[Path], object], str]] = [
    ("no folder", gone, "is not a folder"),
    ("empty", lambda f: (f / "inference.py").unlink(), "holds no files"),
    ("no inference.py", lambda f: (f / "inference.py").rename(f / "serve.py"), "has no inference.py"),
    ("link out of the folder", outside, "outside the folder"),
    ("link to a folder", lambda f: (f / "loop").symlink_to(f), "is not a plain file"),
    ("pipe", lambda f: os.mkfifo(f / "pipe"), "is not a plain file"),
    ("large file", large, "at most 52,428,800"),
    ("many files", many, "2,002 files"),
    ("unreadable ignore file", lambda f: (f / ".cfgenignore").write_bytes(b"\xff\xfe"), "cannot be read"),
]


@pytest.mark.parametrize(("spoil", "words"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_what_cannot_be_packed_is_refused_at_its_place(
    folder: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(folder)
    with pytest.raises(ResolveError) as caught:
        stack_of(folder)
    found = [
        p for p in caught.value.problems if p.path == "model.codeFolder" and words in f"{p.message} {p.fix}"
    ]
    assert found, str(caught.value)
    assert found[0].line == 2


def test_another_program_may_be_named(folder: Path) -> None:
    (folder / "inference.py").rename(folder / "serve.py")
    text = SPEC.replace("codeFolder: code", "codeFolder: code, env: {SAGEMAKER_PROGRAM: serve.py}")
    assert stack_of(folder, text).build is not None


REPOSITORIES = [
    ("twice", "modelId: [a/b, a/b]", "stands there twice"),
    ("one pin for several", "modelId: [a/b, c/d], revision: main", "pins one repository"),
    ("gated", "modelId: meta-llama/Llama-3.1-8B", "is gated"),
    ("no code in this container", "modelId: a/b, container: tei", "runs no code of yours"),
]


@pytest.mark.parametrize(("model", "words"), [r[1:] for r in REPOSITORIES], ids=[r[0] for r in REPOSITORIES])
def test_repositories_that_cannot_be_built(folder: Path, model: str, words: str) -> None:
    with pytest.raises(ResolveError, match=words):
        stack_of(folder, SPEC.replace("modelId: a/b, revision: main", model))


def test_the_smoke_test_of_code_must_be_given_or_switched_off(folder: Path) -> None:
    with pytest.raises(ResolveError, match="is not known"):
        stack_of(folder, SPEC.replace('{body: {inputs: "Hello"}}', "{timeout: 60}"))
    stack = stack_of(folder, SPEC.replace('{body: {inputs: "Hello"}}', "{enabled: false}"))
    assert stack.smoke is None
    assert "smoke-test" not in stack.parts
