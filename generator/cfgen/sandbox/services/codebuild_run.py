"""One CodeBuild build: its phases in order, its commands in a shell in an empty folder, its end told as events."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox import processes
from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.clients import Credentials
from cfgen.sandbox.faults import faults
from cfgen.sandbox.iam import principals
from cfgen.sandbox.services import buildspec as specs
from cfgen.sandbox.services import codebuild_env, eventbus
from cfgen.sandbox.services.loglines import LogWriter
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, partition_of


class PhaseFailed(Exception):
    """A phase that ended badly: CodeBuild's code and message."""

    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Build:
    """A build and how far it is."""

    id: str
    arn: str
    project: str
    region: str
    number: int
    role: str
    source: dict[str, Any]
    secondary_sources: list[dict[str, Any]]
    environment: dict[str, Any]
    artifacts: dict[str, Any]
    logs_config: dict[str, Any]
    timeout: int
    queue_timeout: int
    initiator: str
    encryption_key: str = ""
    status: str = "IN_PROGRESS"
    phase: str = "SUBMITTED"
    phases: list[dict[str, Any]] = field(default_factory=list)
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    exported: dict[str, str] = field(default_factory=dict)
    process: processes.Process | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    deadline: float = 0.0
    group: str = ""
    stream: str = ""
    lost: bool = False

    @property
    def complete(self) -> bool:
        return self.ended is not None

    def view(self) -> dict[str, Any]:
        """As BatchGetBuilds shows it."""
        logs: dict[str, Any] = {
            "cloudWatchLogs": self.logs_config.get("cloudWatchLogs") or {"status": "ENABLED"}
        }
        if self.group:
            group = f"arn:{partition_of(self.region)}:logs:{self.region}:{ACCOUNT}:log-group:{self.group}"
            logs |= {
                "groupName": self.group,
                "streamName": self.stream,
                "cloudWatchLogsArn": f"{group}:log-stream:{self.stream}",
            }
        view: dict[str, Any] = {
            "id": self.id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": self.started,
            "currentPhase": self.phase,
            "buildStatus": self.status,
            "projectName": self.project,
            "phases": list(self.phases),
            "source": self.source,
            "artifacts": {"location": ""},
            "environment": self.environment,
            "serviceRole": self.role,
            "logs": logs,
            "timeoutInMinutes": self.timeout,
            "queuedTimeoutInMinutes": self.queue_timeout,
            "buildComplete": self.complete,
            "initiator": self.initiator,
            "encryptionKey": self.encryption_key,
            "exportedEnvironmentVariables": [
                {"name": key, "value": value} for key, value in self.exported.items()
            ],
        }
        if self.ended is not None:
            view["endTime"] = self.ended
        return view

    def stop(self) -> None:
        """StopBuild: kills what runs; post_build does not run."""
        self.stopping.set()
        process = self.process  # the build's own thread takes it away when the command ends
        if process is not None:
            process.kill()

    def enter(self, phase: str) -> dict[str, Any]:
        """Begin a phase."""
        self.phase = phase
        record = {"phaseType": phase, "startTime": now()}
        self.phases.append(record)
        return record

    def leave(
        self, record: dict[str, Any], status: str = "SUCCEEDED", code: str = "", message: str = ""
    ) -> None:
        """End a phase."""
        ended = now()
        record.update(
            phaseStatus=status,
            endTime=ended,
            durationInSeconds=int((ended - record["startTime"]).total_seconds()),
            contexts=[{"statusCode": code, "message": message}] if code or message else [],
        )
        eventbus.emit_codebuild_phase(self, record)


def start(build: Build) -> None:
    """Begin a build in the background."""
    record = build.enter("SUBMITTED")
    build.leave(record)
    threading.Thread(target=_run, args=[build], daemon=True, name=f"build-{build.project}").start()


def _run(build: Build) -> None:
    eventbus.emit_codebuild_state(build)
    folder = settings.subfolder("builds") / build.id.replace(":", "-").replace("/", "-")
    log: LogWriter | None = None
    status = "SUCCEEDED"
    try:
        _queue(build)
        keys, log = _provision(build)
        build.deadline = time.monotonic() + build.timeout * settings.build_minute
        status = _work(build, folder, keys, log)
    except PhaseFailed as failure:
        status = failure.status
    except Exception as error:
        status = "FAULT"
        build.phases.append(
            {
                "phaseType": build.phase,
                "phaseStatus": "FAULT",
                "startTime": now(),
                "endTime": now(),
                "contexts": [{"statusCode": "INTERNAL", "message": f"{type(error).__name__}: {error}"}],
            }
        )
    if build.lost:
        # killed without a word: CodeBuild itself finds out only at the build's time limit
        time.sleep(max(0.0, build.deadline - time.monotonic()))
        status = "TIMED_OUT"
    if log is not None:
        log(f"[Container] Phase complete: FINALIZING State: {status}")
        log.close()
    build.leave(build.enter("FINALIZING"))
    build.phase = "COMPLETED"
    build.phases.append({"phaseType": "COMPLETED", "startTime": now()})
    build.status, build.ended = status, now()
    shutil.rmtree(folder, ignore_errors=True)
    eventbus.emit_codebuild_state(build)


def _pause(build: Build, seconds: float) -> bool:
    return build.stopping.wait(seconds)


def _queue(build: Build) -> None:
    record = build.enter("QUEUED")
    if faults.strike("kill-build", resource=build.project, action="queue"):
        stopped = _pause(build, build.queue_timeout * settings.build_minute)
        status = "STOPPED" if stopped else "TIMED_OUT"
        build.leave(
            record, status, "" if stopped else "QUEUED_TIMED_OUT", "" if stopped else "Build has timed out."
        )
        raise PhaseFailed("QUEUED", "queue", status)
    if _pause(build, settings.build_start_seconds / 2):
        build.leave(record, "STOPPED")
        raise PhaseFailed("STOPPED", "stopped", "STOPPED")
    build.leave(record)


def _provision(build: Build) -> tuple[Credentials, LogWriter]:
    record = build.enter("PROVISIONING")
    _pause(build, settings.build_start_seconds / 2)
    try:
        keys = principals.mint(
            build.role, "codebuild.amazonaws.com", f"AWSCodeBuild-{uuid.uuid4()}", build.region, build.arn
        )
    except AwsError as error:
        message = f"CodeBuild is not authorized to perform: sts:AssumeRole on {build.role}: {error.message}"
        build.leave(record, "CLIENT_ERROR", "ACCESS_DENIED", message)
        raise PhaseFailed("ACCESS_DENIED", message) from None
    wanted = build.logs_config.get("cloudWatchLogs") or {}
    identity = build.id.split(":")[1]
    build.group = wanted.get("groupName") or f"/aws/codebuild/{build.project}"
    prefix = wanted.get("streamName")
    build.stream = f"{prefix}/{identity}" if prefix else identity
    log = LogWriter(build.group, build.stream, build.region, keys)
    if wanted.get("status", "ENABLED") == "DISABLED":
        log.error = "disabled"
    elif problem := log.open():
        message = (
            f"Service role {build.role} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for "
            f"build {build.arn}. Error message: {problem}"
        )
        build.leave(record, "CLIENT_ERROR", "ACCESS_DENIED", message)
        raise PhaseFailed("ACCESS_DENIED", message)
    build.leave(record)
    return keys, log


def _work(build: Build, folder: Path, keys: Credentials, log: LogWriter) -> str:
    record = build.enter("DOWNLOAD_SOURCE")
    try:
        work = codebuild_env.fetch_sources(build, folder, keys)
        text = codebuild_env.buildspec_text(build, work, keys)
        spec = specs.load(text)
        variables = codebuild_env.variables(build, spec, folder, work, keys)
    except specs.BuildspecError as error:
        build.leave(record, "FAILED", "YAML_FILE_ERROR", str(error))
        log(f"[Container] {error}")
        raise PhaseFailed("YAML_FILE_ERROR", str(error)) from None
    except (ClientError, ValueError) as error:
        build.leave(record, "FAILED", "CLIENT_ERROR", str(error))
        log(f"[Container] Phase context status code: CLIENT_ERROR Message: {error}")
        raise PhaseFailed("CLIENT_ERROR", str(error)) from None
    build.leave(record)
    shell = codebuild_env.Shell(build, spec, folder, work, variables, log)
    good, abandoned = True, False
    for name in specs.PHASES:
        if abandoned:
            break
        phase = spec.phases.get(name) or specs.Phase()
        record = build.enter(name.upper())
        status, code, message = shell.run(name, phase, succeeding=good)
        build.leave(record, status, code, message)
        log(f"[Container] Phase complete: {name.upper()} State: {status}")
        if status in ("STOPPED", "TIMED_OUT", "FAULT"):
            # post_build does not run when a build is stopped or times out
            return status
        if status != "SUCCEEDED":
            if phase.on_failure.startswith("CONTINUE"):
                continue
            good = False
            # a failed build phase is followed by post_build, a failed install or pre_build is not
            abandoned = name in ("install", "pre_build") or phase.on_failure.startswith("ABORT")
    build.exported = shell.exported()
    if good:
        good = codebuild_env.upload_artifacts(build, spec, work, keys, log)
    return "SUCCEEDED" if good else "FAILED"
