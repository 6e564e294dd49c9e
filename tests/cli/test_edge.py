"""What no command expects: full disks, closed pipes, names that are none, no home, Ctrl-C. A message, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cfgen import cli, paths
from cfgen.errors import CfgenError
from tests.cli.test_commands import Run, write
from tests.spec.test_faults import GOOD

LONG = "a" * 300 + ".yaml"


def clean(done: Run, code: int = 1) -> None:
    assert done.returncode == code, done.stderr
    for word in ("Traceback", "Exception ignored", "a fault of cfgen's own"):
        assert word not in done.stderr, done.stderr


@pytest.mark.parametrize("arguments", [["schema"], ["render", "a.yaml"], ["explain"]], ids=lambda a: a[0])
def test_a_full_disk(tmp_path: Path, arguments: list[str]) -> None:
    write(tmp_path, "a.yaml")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cfgen", *arguments],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    clean(done)
    assert done.stderr.endswith("Error: No space left on device\n")


@pytest.mark.parametrize("end", ["| head -1", ">&-", ">&- 2>&-", "| head -c 0"])
def test_a_reader_that_goes_away(tmp_path: Path, end: str) -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m cfgen schema {end}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    clean(done, 0)
    assert done.stderr == ""


WRONG = [
    ("render", LONG, "File name too long"), ("lint", LONG, "File name too long"), ("inspect", LONG, "there is no such file"),
    ("size", LONG, "there is no such file"), ("init", LONG, "there is no such file"),
    ("render", "", "name is empty"), ("lint", "", "name is empty"), ("inspect", "", "neither a folder nor a model id"),
    ("validate", "loop.yaml", "a link that leads nowhere"), ("lint", "loop.yaml", "a link that leads nowhere"),
    ("inspect", "a.yaml", "is a file"), ("inspect", "no.yaml", "there is no such file"), ("inspect", "a b", "nor a model id"),
    ("init", "a b", "nor a model id"), ("render", "/dev/zero", "is larger than"), ("lint", "/dev/zero", "takes at most"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "name", "words"), WRONG, ids=lambda v: str(v)[:12])
def test_names_that_name_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    name: str,
    words: str,
) -> None:
    write(tmp_path, "a.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(SystemExit) as ended:
        cli.main([command, name])
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert words in said.err + said.out
    assert "a fault of cfgen's own" not in said.err
    assert len(said.err) < 500


def test_a_spec_from_a_pipe(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    command = f"cat a.yaml | {sys.executable} -m cfgen render /dev/stdin -o - | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == 'AWSTemplateFormatVersion: "2010-09-09"\n'


@pytest.mark.parametrize(
    ("raised", "said", "code"),
    [
        (PermissionError(13, "Permission denied", "x" * 500), f"Error: {'x' * 119}…: Permission denied\n", 1),
        (KeyboardInterrupt(), "Aborted.\n", 130),
        (
            RuntimeError("so\nnot"),
            "Error: a fault of cfgen's own: RuntimeError: so\nnot\nHint: please report it",
            1,
        ),
        (CfgenError("no", hint="yes"), "Error: no\nHint: yes\n", 1),
    ],
    ids=lambda v: type(v).__name__,
)
def test_the_edge(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    said: str,
    code: int,
) -> None:
    def fail(**_: object) -> None:
        raise raised

    monkeypatch.setattr(cli.cli, "main", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == code
    assert capsys.readouterr().err.startswith(said)


def test_a_fault_of_ours_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFGEN_TRACEBACK", "1")
    monkeypatch.setattr(cli.cli, "main", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main([])


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("CFGEN_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    folder = paths.cache_dir()
    assert (folder.parent, folder.stat().st_mode & 0o777) == (tmp_path, 0o700)
    folder.chmod(0o777)
    with pytest.raises(CfgenError, match="is not yours alone"):
        paths.cache_dir()


@pytest.mark.parametrize("after", [0.05, 0.2, 0.6])
def test_interrupted_at_any_moment(tmp_path: Path, after: float) -> None:
    for number in range(4):
        write(tmp_path, f"{number}.yaml", GOOD.replace("example", f"example-{number}"))
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.argv = ['cfgen', 'render', '.']; "
         "from cfgen.__main__ import main; print('up', flush=True); main()"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "CFGEN_CACHE_DIR": str(tmp_path / ".cache")},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT)
    assert "Traceback" not in said, said
    assert not list((tmp_path / "build").rglob(".*")), "something half-written"
