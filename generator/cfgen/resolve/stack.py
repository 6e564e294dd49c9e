"""What resolve decides and render prints: a Stack, frozen, with nothing left to guess.

Plain data: text, numbers, tuples. Region tuples are sorted. Times are seconds, sizes GiB.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Pairs = tuple[tuple[str, str], ...]
"""An ordered mapping of text to text."""


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """An image in Amazon ECR. ``accounts``: region → registry account; ``reference``: ``:tag`` or ``@digest``."""

    accounts: Pairs
    repository: str
    reference: str
    label: str


@dataclass(frozen=True, slots=True)
class S3Data:
    """Model data in S3; ``archive``: one .tar.gz rather than a prefix of files."""

    bucket: str
    key: str
    archive: bool


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """The hub token: the environment variable and the Secrets Manager secret (``key`` when it is JSON)."""

    variable: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The Model resource: either ``image`` or ``packages`` (region → model package ARN)."""

    kind: str
    title: str
    image: ImagePlan | None
    packages: Pairs
    environment: Pairs
    token: TokenPlan | None
    data: S3Data | None
    network_isolation: bool


@dataclass(frozen=True, slots=True)
class InstanceChoice:
    """An instance type the launcher may choose, where it can be hosted, and whether it has local NVMe storage."""

    name: str
    regions: tuple[str, ...]
    local_storage: bool


@dataclass(frozen=True, slots=True)
class RegionGroup:
    """Instance types that share the regions where they can be hosted, or, where that is shorter, cannot be."""

    id: str
    types: tuple[str, ...]
    regions: tuple[str, ...]
    hosted: bool


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """EndpointConfig and Endpoint. ``storage`` tells how the choices differ: none, all or some have NVMe."""

    instance_type: str
    choices: tuple[InstanceChoice, ...]
    region_groups: tuple[RegionGroup, ...]
    instance_count: int
    variant_name: str
    startup_health_check_timeout: int
    model_data_download_timeout: int | None
    volume_size: int | None
    inference_ami_version: str | None
    storage: str
    key_on_local_storage: bool
    volume_kms_key: str
    artifact_kms_key: str


@dataclass(frozen=True, slots=True)
class RolePlan:
    """The execution role. ``given`` is the default of the launcher's parameter; empty means the template makes one."""

    given: str
    boundary: str
    path: str


@dataclass(frozen=True, slots=True)
class VpcPlan:
    """The network. ``nat``: private subnets reach the internet; ``own_group``: the template makes the security group.

    ``subnet_bits``: host bits of a subnet, a quarter of the network. ``interface_endpoints``: service → logical id.
    """

    mode: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    own_group: bool
    cidr: str
    prefix: int
    subnet_bits: int
    zones: int
    nat: bool
    interface_endpoints: Pairs


@dataclass(frozen=True, slots=True)
class Asset:
    """A file to upload before the launch; its name is its content's hash."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What CodeBuild copies to S3. ``key`` names the content, ``id`` (its beginning) stands in logical ids.

    ``config``: the build's settings as JSON. ``payload``: script and code, a .tar.bz2 as base64. ``asset``: code too
    large for that. ``archive``: one .tar.gz rather than a prefix.
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
    access_log_bucket: str
    arm_regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SmokePlan:
    """The request that must be answered before the stack succeeds; ``timeout`` in seconds."""

    body: str
    content_type: str
    timeout: int


@dataclass(frozen=True, slots=True)
class Invocation:
    """An example request: its body as text, content type, and the AWS CLI's options for them in a POSIX shell."""

    body: str
    content_type: str
    options: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything a template says. ``parts`` names the part files in order; ``regions`` is where it may launch."""

    name: str
    description: str
    parts: tuple[str, ...]
    regions: tuple[str, ...]
    home_regions: tuple[str, ...]
    consoles: Pairs
    model: ModelPlan
    endpoint: EndpointPlan
    build: BuildPlan | None
    smoke: SmokePlan | None
    role: RolePlan
    vpc: VpcPlan
    retention_days: int
    python_runtime: str
    tags: Pairs
    invocation: Invocation
    version: str
    warnings: tuple[str, ...] = field(default=())
