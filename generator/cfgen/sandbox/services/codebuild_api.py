"""CodeBuild's API: projects and builds. What a build does is `codebuild_run`'s business."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services.codebuild_run import Build, start
from cfgen.sandbox.wire import AwsError, Call

_PROJECT_KEYS = (
    "name",
    "description",
    "source",
    "secondarySources",
    "sourceVersion",
    "secondarySourceVersions",
    "artifacts",
    "secondaryArtifacts",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "tags",
    "vpcConfig",
    "logsConfig",
    "concurrentBuildLimit",
    "autoRetryLimit",
)


@dataclass
class Region:
    """Projects and builds of one region."""

    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_regions: dict[str, Region] = {}


def region_of(call: Call) -> Region:
    """The state of a call's region."""
    return _regions.setdefault(call.region, Region())


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def _check(call: Call, project: dict[str, Any]) -> None:
    role = str(project.get("serviceRole", ""))
    context = {"aws:SourceAccount": call.account, "aws:SourceArn": project["arn"]}
    if not principals.trusts(role, {"Service": ["codebuild.amazonaws.com"]}, context):
        raise _invalid(
            "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: 1) The "
            "provided service role exists, 2) The role name is case-sensitive and matches exactly, and 3) The role "
            "has the necessary trust policy configured."
        )
    source = project.get("source") or {}
    if source.get("type") == "NO_SOURCE" and not source.get("buildspec"):
        raise _invalid("Project source type NO_SOURCE requires a buildspec to be specified")
    if source.get("type") == "NO_SOURCE" and source.get("location"):
        raise _invalid("Project source type NO_SOURCE cannot have a location")
    for key, low, high in (("timeoutInMinutes", 5, 2160), ("queuedTimeoutInMinutes", 5, 480)):
        value = project.get(key)
        if value is not None and not low <= int(value) <= high:
            raise _invalid(f"Invalid {key}: must be between {low} and {high} minutes")


@operation("codebuild")
def create_project(call: Call) -> Any:
    region, p = region_of(call), call.params
    name = p["name"]
    arn = f"arn:{call.partition}:codebuild:{call.region}:{call.account}:project/{name}"
    if name in region.projects:
        raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
    project: dict[str, Any] = {
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": f"arn:{call.partition}:kms:{call.region}:{call.account}:alias/aws/s3",
        **{key: p[key] for key in _PROJECT_KEYS if p.get(key) is not None},
        "arn": arn,
        "created": now(),
        "lastModified": now(),
        "badge": {"badgeEnabled": False},
    }
    _check(call, project)
    region.projects[name] = project
    return {"project": project}


@operation("codebuild")
def update_project(call: Call) -> Any:
    project = _project(call, call.params["name"])
    changed = {
        **project,
        **{key: call.params[key] for key in _PROJECT_KEYS if call.params.get(key) is not None},
    }
    _check(call, changed)
    project.update(changed, lastModified=now())
    return {"project": project}


def _project(call: Call, name: str) -> dict[str, Any]:
    plain = name.rsplit("/", 1)[-1]
    found = region_of(call).projects.get(plain)
    if found is None:
        arn = f"arn:{call.partition}:codebuild:{call.region}:{call.account}:project/{plain}"
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {arn}")
    return found


@operation("codebuild")
def delete_project(call: Call) -> Any:
    # deleting what is not there is no error on CodeBuild
    region_of(call).projects.pop(str(call.params["name"]).rsplit("/", 1)[-1], None)
    return {}


@operation("codebuild")
def batch_get_projects(call: Call) -> Any:
    projects = region_of(call).projects
    names = [name.rsplit("/", 1)[-1] for name in call.params["names"]]
    return {
        "projects": [projects[name] for name in names if name in projects],
        "projectsNotFound": [name for name in names if name not in projects],
    }


@operation("codebuild")
def list_projects(call: Call) -> Any:
    return {"projects": sorted(region_of(call).projects)}


@operation("codebuild")
def start_build(call: Call) -> Any:
    region = region_of(call)
    # a token is looked for and the builds are counted before one is added: calls at once must not all find room
    with region.lock:
        return _start(call, region)


def _start(call: Call, region: Region) -> Any:
    p = call.params
    project = _project(call, p["projectName"])
    token = p.get("idempotencyToken")
    if token and token in region.tokens:
        return {"build": region.builds[region.tokens[token]].view()}
    limit = project.get("concurrentBuildLimit")
    running = [
        build
        for build in list(region.builds.values())
        if build.project == project["name"] and not build.complete
    ]
    if limit and len(running) >= int(limit):
        raise AwsError(
            "AccountLimitExceededException",
            f"Cannot have more than {limit} builds in queue for the project {project['name']}",
        )
    number = region.numbers[project["name"]] = region.numbers.get(project["name"], 0) + 1
    build_id = f"{project['name']}:{uuid.uuid4()}"
    principal = principals.resolve(call.access_key, call.region)
    build = Build(
        id=build_id,
        arn=f"arn:{call.partition}:codebuild:{call.region}:{call.account}:build/{build_id}",
        project=project["name"],
        region=call.region,
        number=number,
        role=p.get("serviceRoleOverride") or project["serviceRole"],
        source=_source(project, p),
        secondary_sources=list(project.get("secondarySources") or []),
        environment=_environment(project, p),
        artifacts=p.get("artifactsOverride") or project.get("artifacts") or {"type": "NO_ARTIFACTS"},
        logs_config=p.get("logsConfigOverride") or project.get("logsConfig") or {},
        timeout=int(p.get("timeoutInMinutesOverride") or project["timeoutInMinutes"]),
        queue_timeout=int(p.get("queuedTimeoutInMinutesOverride") or project["queuedTimeoutInMinutes"]),
        initiator=principal.arn.split(":", 5)[-1] if not principal.operator else "operator",
        encryption_key=str(project.get("encryptionKey", "")),
    )
    region.builds[build_id] = build
    if token:
        region.tokens[token] = build_id
    start(build)
    return {"build": build.view()}


def _source(project: dict[str, Any], p: dict[str, Any]) -> dict[str, Any]:
    source = dict(project["source"])
    for key, override in (
        ("type", "sourceTypeOverride"),
        ("location", "sourceLocationOverride"),
        ("buildspec", "buildspecOverride"),
    ):
        if p.get(override):
            source[key] = p[override]
    return source


def _environment(project: dict[str, Any], p: dict[str, Any]) -> dict[str, Any]:
    environment = dict(project["environment"])
    variables = {item["name"]: item for item in environment.get("environmentVariables") or []}
    variables |= {item["name"]: item for item in p.get("environmentVariablesOverride") or []}
    environment["environmentVariables"] = list(variables.values())
    for key, override in (
        ("image", "imageOverride"),
        ("computeType", "computeTypeOverride"),
        ("type", "environmentTypeOverride"),
    ):
        if p.get(override):
            environment[key] = p[override]
    return environment


def _build(call: Call, build_id: str) -> Build:
    plain = build_id.split(":build/")[-1]
    found = region_of(call).builds.get(plain)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Build does not exist: {build_id}")
    return found


@operation("codebuild")
def stop_build(call: Call) -> Any:
    build = _build(call, call.params["id"])
    build.stop()
    return {"build": build.view()}


@operation("codebuild")
def batch_get_builds(call: Call) -> Any:
    builds = region_of(call).builds
    ids = {item: item.split(":build/")[-1] for item in call.params["ids"]}
    return {
        "builds": [builds[plain].view() for plain in ids.values() if plain in builds],
        "buildsNotFound": [item for item, plain in ids.items() if plain not in builds],
    }


@operation("codebuild")
def batch_delete_builds(call: Call) -> Any:
    builds = region_of(call).builds
    deleted, kept = [], []
    for item in call.params["ids"]:
        found = builds.get(item.split(":build/")[-1])
        if found is not None and found.complete:
            del builds[found.id]
            deleted.append(found.arn)
        elif found is not None:
            kept.append({"id": item, "statusCode": "BUILD_IN_PROGRESS"})
    return {"buildsDeleted": deleted, "buildsNotDeleted": kept}


@operation("codebuild")
def list_builds(call: Call) -> Any:
    return {"ids": [build.id for build in reversed(list(region_of(call).builds.values()))]}


@operation("codebuild")
def list_builds_for_project(call: Call) -> Any:
    project = _project(call, call.params["projectName"])
    started = list(region_of(call).builds.values())
    builds = [build.id for build in started if build.project == project["name"]]
    return {"ids": builds if call.params.get("sortOrder") == "ASCENDING" else builds[::-1]}
