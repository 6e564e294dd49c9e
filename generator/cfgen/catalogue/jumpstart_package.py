"""JumpStart's models out of a published package: the list that the generative AI CDK constructs carry.

npm ``@cdklabs/generative-ai-cdk-constructs``: ``jumpstart-models.json`` is a Node buffer
(``{"type":"Buffer","data":[…]}``) of raw deflate. Where JumpStart is: sagemaker-core's ``region_config.json``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfgen.catalogue.jumpstart import BUCKET, GATED_BUCKET
from cfgen.catalogue.jumpstart_entry import Entry, image_groups, kept
from cfgen.catalogue.refresh_sources import Package, RefreshError

PACKAGE = "cdklabs-generative-ai-cdk-constructs"
NPM_NAME = "@cdklabs/generative-ai-cdk-constructs"
CORE = "sagemaker-core"
LIST = "lib/patterns/gen-ai/aws-model-deployment-sagemaker/jumpstart-models.json"
REGIONS = "sagemaker/core/jumpstart/region_config.json"
_LARGEST_LIST = 512 * 2**20
_SECONDS = 300
_SHAPE = "The package is laid out differently now: the refresh has to learn the new shape."


def entries(package: Package) -> list[Entry]:
    """Every version of every model, in the list's order: newest first by model. Raises RefreshError."""
    try:
        return [_entry(row).checked() for row in _inflated(package).values()]
    except (KeyError, TypeError, AttributeError) as error:
        raise RefreshError(
            f"{package.path.name} has an unknown shape ({type(error).__name__}: {error})", hint=_SHAPE
        ) from error


def regions(core: Package) -> list[str]:
    """Where JumpStart has its two buckets under their usual names, sorted. Raises RefreshError."""
    try:
        return sorted(
            name
            for name, row in core.json(REGIONS).items()
            if row.get("content_bucket") == BUCKET + name
            and row.get("gated_content_bucket") == GATED_BUCKET + name
        )
    except AttributeError as error:
        raise RefreshError(f"{core.path.name}: {REGIONS} has an unknown shape", hint=_SHAPE) from error


def npm_pack(folder: Path) -> None:
    """Download the package into ``folder`` with npm. Raises RefreshError."""
    npm = shutil.which("npm")
    by_hand = f"Give a folder with --from DIR, filled by: npm pack {NPM_NAME}, pip download --no-deps {CORE}"
    if npm is None:
        raise RefreshError("npm is not installed", hint=by_hand)
    try:
        done = subprocess.run(
            [npm, "pack", "--silent", "--ignore-scripts", NPM_NAME],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefreshError(f"npm pack failed: {error}", hint=by_hand) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no reason given"]
        raise RefreshError(f"npm pack failed: {lines[0].strip()}", hint=by_hand)


def _inflated(package: Package) -> dict[str, Any]:
    buffer = package.json(LIST)
    try:
        machine = zlib.decompressobj(-15)
        text = machine.decompress(bytes(buffer["data"]), _LARGEST_LIST)
        if machine.unconsumed_tail:
            raise RefreshError(f"{package.path.name}: the list of models is over {_LARGEST_LIST} bytes")
        rows: dict[str, Any] = json.loads(text)
    except (ValueError, zlib.error) as error:
        raise RefreshError(f"{package.path.name}: {LIST} cannot be read: {error}", hint=_SHAPE) from error
    return rows


def _entry(row: Mapping[str, Any]) -> Entry:
    variants = row.get("instanceVariants") or []
    return Entry(
        model_id=row["modelId"],
        version=row["version"],
        instance_type=row["defaultInstanceType"],
        instance_types=tuple(row["instanceTypes"]),
        key=row.get("prepackedArtifactKey") or row.get("artifactKey") or "",
        gated=bool(row.get("gatedBucket")),
        eula=row.get("requiresEula") or "",
        environment=kept(row["environment"]),
        images=image_groups(
            {one["instanceType"]: one["imageUri"] for one in variants if one.get("imageUri")},
            {one["region"]: one["aliases"] for one in row.get("instanceAliases") or []},
        ),
        variants={
            one["instanceType"]: kept(one["environment"]) for one in variants if one.get("environment")
        },
        packages=row.get("modelPackageArns") or {},
    )
