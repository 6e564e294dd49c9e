"""The command line in process, a sandbox with its environment, and small templates made by hand."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cfgen import cli
from cfgen.render.template import Template

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = ROOT / "specs" / "embeddings-tei.yaml"
COMMANDS = ("deploy", "diff", "status", "outputs", "logs", "invoke", "destroy")
_numbers = itertools.count(1)


@dataclass
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


Run = Callable[..., Ran]


@pytest.fixture
def cfgen(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``cfgen ARGUMENTS`` in this process."""
    for name in COMMANDS:
        monkeypatch.setitem(cli.COMMANDS, name, (name, name))
    monkeypatch.setitem(cli.COMMANDS, "list", ("list_", "list"))

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main([str(one) for one in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ran(int(end.value.code or 0), out, err)

    return run


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no configuration, no region, nothing answering."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Any]:
    from cfgen.sandbox import Sandbox

    times = {"endpoint_seconds": 0.1, "build_start_seconds": 0.05, "speed": 20.0}
    with pytest.MonkeyPatch.context() as patch:
        # builds ask the stand-in hub, whatever the developer's own is
        patch.delenv("HF_ENDPOINT", raising=False)
        # the template's functions look again after that many seconds
        sandbox = Sandbox(settings=times, environment={"CFGEN_PAUSE": "0.2"}).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(_sandbox: Any, no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A sandbox that this process's boto3 and AWS CLI talk to; without faults afterwards."""
    for name, value in _sandbox.environment().items():
        monkeypatch.setenv(name, value)
    yield _sandbox
    _sandbox.clear_faults()
    _sandbox.configure(endpoint_seconds=0.1, responders={})


@pytest.fixture
def name() -> str:
    """A stack name of the test's own."""
    return f"deploy-test-{os.getpid()}-{next(_numbers)}"


SMALL = """\
Metadata:
  cfgen: {Version: "0", Spec: small}
Parameters:
  Days: {Type: Number, Default: 7}
  Name: {Type: String, Default: one}
Conditions:
  Long: !Not [!Equals [!Ref Days, "7"]]
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Metadata: {Description: The log}
    Properties:
      RetentionInDays: !Ref Days
  Parameter:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "/${AWS::StackName}/${Name}"
      Type: String
      Value: !Ref Log
Outputs:
  LogName: {Value: !Ref Log}
"""


def template(
    text: str = SMALL,
    *,
    name: str = "small",
    parameters: Any = None,
    regions: Any = ("us-east-1", "eu-west-1"),
) -> Template:
    """A Template as the renderer would hand it over."""
    given = (("Days", "7"), ("Name", "one")) if parameters is None else parameters
    return Template(name, text, regions, given, ())
