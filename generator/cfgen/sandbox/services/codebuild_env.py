"""What surrounds a build's commands: sources, environment variables, the shell that keeps state, artifacts."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cfgen.sandbox import processes
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.faults import faults
from cfgen.sandbox.services.buildspec import Buildspec, BuildspecError, Phase
from cfgen.sandbox.services.loglines import LogWriter
from cfgen.sandbox.settings import settings

if TYPE_CHECKING:
    from cfgen.sandbox.services.codebuild_run import Build


def fetch_sources(build: Build, folder: Path, keys: Credentials) -> Path:
    """The source folder: empty without a source, unpacked from S3 otherwise."""
    work = folder / "src"
    work.mkdir(parents=True)
    _fetch(build.source, work, build.region, keys)
    for source in build.secondary_sources:
        place = folder / "secondary" / str(source.get("sourceIdentifier"))
        place.mkdir(parents=True)
        _fetch(source, place, build.region, keys)
    return work


def _fetch(source: dict[str, Any], place: Path, region: str, keys: Credentials) -> None:
    kind = source.get("type")
    if kind == "NO_SOURCE":
        return
    if kind != "S3":
        raise ValueError(f"the cfgen sandbox fetches sources from S3 only, not from {kind}")
    location = str(source["location"]).removeprefix("arn:aws:s3:::").removeprefix("s3://")
    bucket, _, key = location.partition("/")
    s3 = client("s3", region, keys)
    if not key.endswith("/"):
        data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(place)
        return
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
        for item in page.get("Contents", []):
            target = (place / item["Key"].removeprefix(key)).resolve()
            if place.resolve() in target.parents and not item["Key"].endswith("/"):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())


def buildspec_text(build: Build, work: Path, keys: Credentials) -> str:
    """The build specification: inline, an S3 object, or a file of the source."""
    given = str(build.source.get("buildspec") or "")
    if re.match(r"arn:aws[a-z-]*:s3:::", given):
        bucket, _, key = given.split(":::", 1)[1].partition("/")
        return str(
            client("s3", build.region, keys).get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        )
    if "\n" in given or given.lstrip().startswith(("version", "{")):
        return given
    path = work / (given or "buildspec.yml")
    if not path.is_file():
        raise BuildspecError(f"YAML_FILE_ERROR: stat {path.name}: no such file or directory")
    return path.read_text()


def variables(build: Build, spec: Buildspec, folder: Path, work: Path, keys: Credentials) -> dict[str, str]:
    """The environment of the commands; start-time overrides beat the project's, the project's beat the buildspec's."""
    made: dict[str, str] = dict(spec.variables)
    made |= {name: _parameter(value, build.region, keys) for name, value in spec.parameter_store.items()}
    made |= {name: _secret(value, build.region, keys) for name, value in spec.secrets.items()}
    for item in build.environment.get("environmentVariables") or []:
        kind, value = item.get("type", "PLAINTEXT"), str(item["value"])
        if kind == "PARAMETER_STORE":
            value = _parameter(value, build.region, keys)
        elif kind == "SECRETS_MANAGER":
            value = _secret(value, build.region, keys)
        made[item["name"]] = value
    home, site = folder / "home", folder / "site"
    home.mkdir()
    path = f"{site / 'bin'}:{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    own = {
        "AWS_DEFAULT_REGION": build.region,
        "AWS_REGION": build.region,
        "AWS_ENDPOINT_URL": client.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": str(build.environment.get("image", "")),
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_CI": "true",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": build.encryption_key,
        "CODEBUILD_LOG_PATH": build.stream,
        "CODEBUILD_SRC_DIR": str(work),
        "CODEBUILD_START_TIME": str(int(build.started.timestamp() * 1000)),
        "HOME": str(home),
        "PATH": path,
        # what a build installs must not end up in the sandbox's own environment
        "PIP_TARGET": str(site),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        **{
            f"CODEBUILD_SRC_DIR_{source['sourceIdentifier']}": str(
                folder / "secondary" / source["sourceIdentifier"]
            )
            for source in build.secondary_sources
        },
    }
    return processes.environment({**own, **settings.environment, **keys.environment(), **made})


def _parameter(name: str, region: str, keys: Credentials) -> str:
    answer = client("ssm", region, keys).get_parameter(Name=name, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _secret(reference: str, region: str, keys: Credentials) -> str:
    # secret-id:json-key:version-stage:version-id, where an ARN holds colons itself
    parts = reference.split(":")
    name, rest = (":".join(parts[:7]), parts[7:]) if reference.startswith("arn:") else (parts[0], parts[1:])
    rest += [""] * (3 - len(rest))
    arguments = {"SecretId": name}
    if rest[1]:
        arguments["VersionStage"] = rest[1]
    if rest[2]:
        arguments["VersionId"] = rest[2]
    text = str(client("secretsmanager", region, keys).get_secret_value(**arguments)["SecretString"])
    if not rest[0]:
        return text
    try:
        return str(json.loads(text)[rest[0]])
    except (ValueError, KeyError) as error:
        raise ValueError(f"Secrets Manager key {rest[0]} of {name} not found: {error}") from None


class Shell:
    """Runs the commands of one phase after the other; working directory and exported variables carry over."""

    def __init__(
        self, build: Build, spec: Buildspec, folder: Path, work: Path, values: dict[str, str], log: LogWriter
    ) -> None:
        self.build, self.spec, self.folder, self.work = build, spec, folder, work
        self.values, self.log = values, log
        self._state = folder / "state"
        self._state.mkdir()
        self._shell = "/bin/bash" if spec.shell == "bash" and Path("/bin/bash").exists() else "/bin/sh"

    def run(self, name: str, phase: Phase, *, succeeding: bool) -> tuple[str, str, str]:
        """Status, code and message of a phase."""
        if self.build.stopping.is_set():
            return "STOPPED", "", ""
        status, code, message = "SUCCEEDED", "", ""
        if phase.commands:
            status, code, message = self._commands(name, phase.commands, succeeding)
        if phase.finally_ and status in ("SUCCEEDED", "FAILED"):
            after = self._commands(f"{name}-finally", phase.finally_, succeeding and status == "SUCCEEDED")
            if after[0] != "SUCCEEDED":
                status, code, message = after
        return status, code, message

    def _commands(self, name: str, commands: list[str], succeeding: bool) -> tuple[str, str, str]:
        script = self._script(name, commands, succeeding)
        left = self.build.deadline - time.monotonic()
        if left <= 0:
            return "TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. "
        process = processes.Process(
            [self._shell, str(script)], folder=self.work, variables=self.values, on_line=self.log
        )
        self.build.process = process
        if self.build.stopping.is_set():
            process.kill()
        rule = faults.strike("kill-build", resource=self.build.project, action=name)
        if rule is not None:
            time.sleep(rule.seconds)
            process.kill()
        exit_code = process.wait(left)
        if exit_code < 0:
            # ended by a signal: told as shells tell it
            exit_code = 128 - exit_code
        self.build.process = None
        if self.build.stopping.is_set():
            return "STOPPED", "", ""
        if process.timed_out:
            return "TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. "
        if rule is not None:
            self.build.lost = rule.code == "silent"
            return "FAULT", "INTERNAL", "Build container found dead before completing the build."
        if exit_code == 0:
            return "SUCCEEDED", "", ""
        failed = self._failed_command(name, commands)
        message = f"Error while executing command: {failed}. Reason: exit status {exit_code}"
        self.log(f"[Container] Command did not exit successfully {failed} exit status {exit_code}")
        return "FAILED", "COMMAND_EXECUTION_ERROR", message

    def _script(self, name: str, commands: list[str], succeeding: bool) -> Path:
        environment, place, at = self._state / "env", self._state / "pwd", self._state / f"{name}.at"
        lines = [
            # variables a command exported and the folder it changed to hold for the commands after it
            f"if [ -f '{environment}' ]; then . '{environment}'; cd \"$(cat '{place}')\"; fi",
            f"export CODEBUILD_BUILD_SUCCEEDING={1 if succeeding else 0}",
            f'trap \'cfgen_code=$?; export -p > "{environment}"; pwd > "{place}"; exit $cfgen_code\' EXIT',
        ]
        for index, command in enumerate(commands):
            file = self._state / f"{name}-{index}.sh"
            file.write_text(command + "\n")
            shown = command.splitlines()[0] if command else ""
            lines += [
                f"echo {index} > '{at}'",
                f"printf '%s\\n' {_quoted('[Container] Running command ' + shown)}",
                f". '{file}' || exit $?",
            ]
        script = self._state / f"{name}.sh"
        script.write_text("\n".join(lines) + "\n")
        return script

    def _failed_command(self, name: str, commands: list[str]) -> str:
        try:
            return commands[int((self._state / f"{name}.at").read_text())].splitlines()[0]
        except (OSError, ValueError, IndexError):
            return commands[0]

    def exported(self) -> dict[str, str]:
        """The variables the buildspec exports, as they are at the end."""
        found: dict[str, str] = {}
        try:
            text = (self._state / "env").read_text()
        except OSError:
            return found
        for name in self.spec.exported:
            match = re.search(rf"^(?:export|declare -x) {re.escape(name)}=(['\"])(.*?)\1$", text, re.M | re.S)
            if match:
                found[name] = match.group(2)
        return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def upload_artifacts(build: Build, spec: Buildspec, work: Path, keys: Credentials, log: LogWriter) -> bool:
    """Artifacts into S3, unpacked or as one zip; False if that fails."""
    record = build.enter("UPLOAD_ARTIFACTS")
    target = build.artifacts
    if target.get("type") != "S3" or not spec.artifacts:
        build.leave(record)
        return True
    base = work / str(spec.artifacts.get("base-directory", "."))
    patterns = spec.artifacts.get("files") or []
    files = sorted({path for pattern in patterns for path in base.glob(pattern) if path.is_file()})
    prefix = "/".join(
        part for part in (str(target.get("path", "")).strip("/"), str(target.get("name", ""))) if part
    )
    s3 = client("s3", build.region, keys)
    try:
        if target.get("packaging") == "ZIP":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                for path in files:
                    archive.write(path, path.relative_to(base))
            s3.put_object(Bucket=target["location"], Key=prefix, Body=buffer.getvalue())
        for path in files if target.get("packaging") != "ZIP" else ():
            key = f"{prefix}/{path.relative_to(base)}".lstrip("/")
            s3.put_object(Bucket=target["location"], Key=key, Body=path.read_bytes())
    except ClientError as error:
        build.leave(record, "FAILED", "CLIENT_ERROR", str(error))
        log(f"[Container] {error}")
        return False
    build.leave(record)
    return True
