"""The container image's definition: what can be seen without building it."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.conftest import ROOT
from tests.image import dockerfile

STAGES = dockerfile.stages((ROOT / "Dockerfile").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(name: str) -> dict[str, set[str]]:
    """Package → versions in a lock; a universal lock may have one for each of several Pythons."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        if match := re.match(r"([a-z0-9-]+)==(\S+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def test_its_bases_are_public_and_of_a_python_that_cfgen_supports() -> None:
    supported = {one.rpartition(" ")[2] for one in PROJECT["classifiers"] if "Python :: 3." in one}
    for stage in STAGES:
        found = re.fullmatch(r"python:(3\.\d+)-slim", stage.base)
        assert found, f"{stage.base}: a Python by its version, from wherever the builder takes its images"
        assert found[1] in supported


def test_it_does_not_run_as_root() -> None:
    last = STAGES[-1]
    (user,) = last.every("USER")
    assert int(user) > 0
    assert f"--uid {user} " in last.every("RUN")[0]
    # and nothing is installed once it is somebody else's
    assert [kind for kind, _ in last.steps].index("USER") > [kind for kind, _ in last.steps].index("COPY")


def test_what_it_copies_is_there_and_not_ignored() -> None:
    seen = {file.relative_to(ROOT).as_posix() for file in dockerfile.context()}
    assert not [one for one in seen if "__pycache__" in one or one.startswith((".", "tests/"))]
    names = {stage.name for stage in STAGES}
    for stage in STAGES:
        for text in stage.every("COPY"):
            *sources, _ = text.split()
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in names
                continue
            for source in sources:
                assert any(one == source or one.startswith(f"{source}/") for one in seen), source


@pytest.mark.parametrize(
    ("path", "expected"),
    [("README.md", False), ("generator/cfgen/cli/__init__.py", False), ("generator/cfgen/__pycache__/a.pyc", True),
     ("tests/conftest.py", True), (".git/config", True), ("build/x/template.yaml", True)],
)  # fmt: skip
def test_the_context(path: str, expected: bool) -> None:
    assert dockerfile.ignored(path, dockerfile.ignore_patterns()) is expected


def test_packages_are_locked_by_hash_to_the_versions_that_are_tested() -> None:
    installs = [
        part
        for stage in STAGES
        for text in stage.every("RUN")
        for part in text.split("&&")
        if " pip install " in part
    ]
    assert installs
    assert all("--require-hashes" in part or "--no-index" in part for part in installs)
    assert "--no-build-isolation" in " ".join(STAGES[0].every("RUN"))
    tested = pins("test.txt")
    image = pins("image.txt")
    assert {name: versions for name, versions in image.items() if name in tested} == {
        name: tested[name] for name in image
    }
    assert {"awscli", "boto3", "rich", "cfn-lint"} <= set(image)
    assert set(pins("base.txt")) <= set(image)
