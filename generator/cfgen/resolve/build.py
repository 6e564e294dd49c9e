"""What CodeBuild copies to S3, under which content key, and how long everything may take.

The content (models, revisions, what of them is copied, code, the build script) is hashed; the hash names the
artifact's prefix and, since a wait condition cannot be updated, stands in its logical ids.
"""

from __future__ import annotations

import base64
import bz2
import hashlib
import json
from typing import Any

from cfgen.compact import compact
from cfgen.paths import templates_dir
from cfgen.resolve import code as code_folder
from cfgen.resolve.collector import Collector
from cfgen.resolve.repositories import hub_models
from cfgen.resolve.stack import Asset, BuildPlan
from cfgen.spec.model import ContainerModel, CustomInferenceModel, HubModel
from cfgen.spec.sections import Build

MAX_CONFIG = 3_500
"""Characters of the build's settings: CodeBuild takes 4,096 an environment variable with bucket and key added."""
MAX_EMBEDDED = 20_000
"""Characters of script and code embedded in the build specification, of which CodeBuild takes 25,600."""
MARGIN_MINUTES = 5
SIGNAL_MINUTES = 15
MAX_WAIT_SECONDS = 43_200
"""Longest timeout of a wait condition (AWS::CloudFormation::WaitCondition)."""
ARM_REGIONS = frozenset(
    {
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-west-1",
        "eu-central-1",
        "ap-south-1",
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "sa-east-1",
    }
)
"""Where CodeBuild is documented to offer ARM_CONTAINER (CodeBuild API reference: environment types)."""


_USUAL_MINUTES = Build().queue_timeout + Build().timeout + MARGIN_MINUTES


def plan_build(model: ContainerModel | CustomInferenceModel, notes: Collector) -> BuildPlan:
    """The build of ``model``'s artifact."""
    asked = notes.spec.data.build or Build()
    repositories = hub_models(model)
    code: bytes | None = None
    if isinstance(model, CustomInferenceModel):
        folder = notes.spec.folder / model.code_folder
        files = code_folder.code_files(folder, "model.codeFolder", notes)
        program = model.env.get("SAGEMAKER_PROGRAM", "inference.py")
        if files and program not in dict(files):
            notes.refuse(
                "model.codeFolder",
                f"has no {program}",
                "add it, or name your file as SAGEMAKER_PROGRAM in env",
            )
        code = code_folder.archive(files)
    config = _config(repositories, asked, code)
    if len(config) > MAX_CONFIG:
        notes.refuse(
            "model.modelId",
            f"settings of the build have {len(config):,} characters",
            f"at most {MAX_CONFIG:,}",
        )
    script = compact((templates_dir() / "functions" / "build.py").read_text(encoding="utf-8")).encode()
    key = hashlib.sha256(config.encode() + script).hexdigest()[:20]
    embedded, asset = _payload(script, code)
    minutes = asked.queue_timeout + asked.timeout + MARGIN_MINUTES
    return BuildPlan(
        models=tuple(repository.id for repository in repositories),
        key=key,
        # a wait condition cannot be updated: another time to wait is another one
        id=key[:12] + ("" if minutes == _USUAL_MINUTES else f"T{minutes}"),
        config=config,
        payload=embedded,
        asset=asset,
        script_sha256=hashlib.sha256(script).hexdigest(),
        code_bytes=len(code or b""),
        archive=asked.archive == "tar.gz",
        compute_type=model.code_build_compute_type,
        timeout_minutes=asked.timeout,
        queue_minutes=asked.queue_timeout,
        task_seconds=minutes * 60,
        wait_seconds=min(MAX_WAIT_SECONDS, (minutes + SIGNAL_MINUTES) * 60),
        retain=asked.retain_on_delete,
        arm_regions=tuple(sorted(ARM_REGIONS)),
    )


def _config(repositories: list[HubModel], asked: Build, code: bytes | None) -> str:
    models = []
    for one in repositories:
        row: dict[str, Any] = {"id": one.id, "revision": one.revision or "main"}
        if include := one.include or asked.include:
            row["include"] = include
        if exclude := [*(one.exclude or ()), *(asked.exclude or ())]:
            row["exclude"] = exclude
        models.append(row)
    config: dict[str, Any] = {"models": models, "allowPickle": asked.allow_pickle, "archive": asked.archive}
    if code is not None:
        config["code"] = {"sha256": hashlib.sha256(code).hexdigest()}
    return json.dumps(config, sort_keys=True, separators=(",", ":"))


def _payload(script: bytes, code: bytes | None) -> tuple[str, Asset | None]:
    """Script and code for the build specification; code that is too large becomes an asset in S3."""
    files = [("build.py", script)]
    if code is None:
        return _packed(files), None
    # the name that build.py looks for; tarfile tells by the content that nothing in it is compressed
    whole = _packed([*files, ("code.tar.gz", code)])
    if len(whole) <= MAX_EMBEDDED:
        return whole, None
    return _packed(files), Asset(f"{hashlib.sha256(code).hexdigest()}.tar", code)


def _packed(files: list[tuple[str, bytes]]) -> str:
    """A .tar.bz2 as base64. bzip2 and not gzip: its output does not depend on the library's version."""
    return base64.b64encode(bz2.compress(code_folder.archive(files))).decode()
