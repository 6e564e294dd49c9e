"""A sandbox a worker, a hub and a spec a test, and the table of faults."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto")
pytest.importorskip("boto3")

from cfgen.catalogue import Catalogue
from cfgen.catalogue import load as load_catalogue
from cfgen.sandbox import Sandbox, local
from tests.build.world import TOKEN, End, World
from tests.fixtures.hub import Hub


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose server is tests/build/server.py."""
    start = subprocess.Popen
    times = {"endpoint_seconds": 0.1, "build_start_seconds": 0.1, "speed": 20.0}

    def watched(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
        return start([command[0], str(Path(__file__).with_name("server.py")), *command[3:]], **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local.subprocess, "Popen", watched)
        sandbox = Sandbox(settings=times).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def world(sandbox: Sandbox, catalogue: Catalogue, tmp_path: Path) -> Iterator[World]:
    with Hub(tokens={TOKEN: {"org/gated", "org/private"}}) as hub:
        sandbox.configure(environment={"HF_ENDPOINT": hub.url, "CFGEN_PAUSE": "0.2"})
        world = World(sandbox, hub, tmp_path, catalogue)
        world.commit("org/one")
        yield world
        world.end()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Write a row of the fault table; to the file that CFGEN_FAULT_TABLE names, if it does."""

    def write(fault: str, end: End, left: str) -> None:
        print(f"{fault}: {end}; left: {left}")
        target = os.environ.get("CFGEN_FAULT_TABLE")
        if not target:
            return
        path, _, name = request.node.location
        at = [path, request.node.function.__code__.co_firstlineno, name]
        line = [at, [fault, end.status, f"{end.seconds:.1f}", end.reason, left]]
        with Path(f"{target}.jsonl").open("a+") as rows:
            fcntl.flock(rows, fcntl.LOCK_EX)
            rows.write(json.dumps(line) + "\n")
            rows.flush()
            rows.seek(0)
            latest = {json.dumps([one[0], one[1][0]]): one for one in map(json.loads, rows)}
            table = [one[1] for one in sorted(latest.values(), key=lambda one: one[0])]
            Path(target).write_text(markdown(table))

    return write


def markdown(table: list[list[str]]) -> str:
    """The fault table."""
    head = ["fault", "the stack ends as", "seconds", "what the user reads", "left behind"]
    lines = [head, ["---"] * len(head), *table]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "served: needs .venvs/serving and minutes; runs when it is asked for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = "served" in str(config.option.markexpr) or any("test_served" in one for one in config.args)
    for item in items:
        if "served" in item.keywords and not asked:
            item.add_marker(pytest.mark.skip(reason="runs with -m served, or when its file is named"))
