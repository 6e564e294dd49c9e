"""Models: image or packages, environment, token, data, and the build that copies their files."""

from __future__ import annotations

from dataclasses import dataclass, field

from cfgen.resolve.plans.common import Pairs
from cfgen.resolve.plans.jumpstart import JumpStartPlan


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """An image in Amazon ECR. ``accounts``: region → registry account; ``reference``: ``:tag`` or ``@digest``.

    ``mapping``: logical id of the mapping that holds ``accounts``; images of the same accounts share one.
    ``references``: region → reference, where they differ.
    """

    accounts: Pairs
    repository: str
    reference: str
    label: str
    mapping: str = "ImageRegistry"
    references: Pairs = ()

    def reference_in(self, region: str) -> str:
        """The reference of the image in a region."""
        return dict(self.references).get(region, self.reference)


@dataclass(frozen=True, slots=True)
class S3Data:
    """Model data in S3; ``archive``: one .tar.gz rather than a prefix of files.

    ``bucket_parameter`` and ``key_parameter`` are the launcher's, with the other two as defaults.
    """

    bucket: str
    key: str
    archive: bool
    bucket_parameter: str = "ModelDataBucket"
    key_parameter: str = "ModelDataKey"


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """The hub token: the environment variable and the Secrets Manager secret (``key`` when it is JSON)."""

    variable: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file to upload before the launch; its name is its content's hash."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What CodeBuild copies to S3. ``key`` names the content, ``id`` (its beginning) stands in logical ids.

    ``config``: the build's settings as JSON. ``payload``: script and code, a .tar.bz2 as base64. ``asset``: code too
    large for that. ``archive``: one .tar.gz rather than a prefix. ``prefix`` begins the logical ids.
    """

    models: tuple[str, ...]
    key: str
    id: str
    config: str
    payload: str
    asset: Asset | None
    script_sha256: str
    code_bytes: int
    archive: bool
    compute_type: str
    timeout_minutes: int
    queue_minutes: int
    task_seconds: int
    wait_seconds: int
    retain: bool
    arm_regions: tuple[str, ...]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """A Model resource: either ``image`` or ``packages`` (region → model package ARN, in ``packages_mapping``).

    ``mode``: multi-model, whose models stay loaded with ``cache``, or empty. ``by_url``: files are named by
    ModelDataUrl, not by ModelDataSource.
    ``id``: its logical id. ``build``: what copies its files, when that is the template's work.
    ``jumpstart``: where they are when they are JumpStart's. ``from_hub``: the container fetches them as it starts.
    """

    kind: str
    title: str
    image: ImagePlan | None
    packages: Pairs
    environment: Pairs
    token: TokenPlan | None
    data: S3Data | None
    network_isolation: bool
    id: str = "Model"
    packages_mapping: str = "ModelPackages"
    build: BuildPlan | None = None
    mode: str = ""
    by_url: bool = False
    cache: bool = True
    jumpstart: JumpStartPlan | None = None
    from_hub: bool = False
