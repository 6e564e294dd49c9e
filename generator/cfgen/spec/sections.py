"""The other sections of a spec: ``endpoint``, ``vpc``, ``security``, ``logs``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cfgen.spec.base import ARN_PARTITION, BY_KIND, CLEAN, LIST, MAPPING, TEXT, SpecModel, pattern
from cfgen.spec.features.invoke_policy import InvokePolicy
from cfgen.spec.model import FilePattern

InstanceType = Annotated[
    str,
    pattern(
        r"^(ml\.[a-z0-9-]+\.[a-z0-9-]+|auto)$",
        "an instance type such as ml.g6.2xlarge",
        "ml.g6.2xlarge",
        max_length=40,
    ),
    CLEAN,
]
Seconds = Annotated[int, Field(ge=60, le=3600)]
KmsKeyArn = Annotated[
    str,
    pattern(
        rf"^{ARN_PARTITION}:kms:[a-z0-9-]+:[0-9]{{12}}:key/[A-Za-z0-9_/-]+$",
        "the ARN of a KMS key",
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        max_length=2048,
    ),
    CLEAN,
]
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
InterfaceService = Literal[
    "sagemaker.runtime",
    "sagemaker.api",
    "logs",
    "monitoring",
    "secretsmanager",
    "sts",
    "ecr.api",
    "ecr.dkr",
    "kms",
]


class InstancePool(SpecModel):
    """An instance type to try, when those before it are short."""

    instance_type: InstanceType = Field(description="The instance type.")
    priority: Annotated[int, Field(ge=1, le=5)] | None = Field(
        None, description="1 is tried first; its place in the list when absent."
    )


class Routing(SpecModel):
    """``endpoint.routing``: which instance gets a request."""

    strategy: Literal["LEAST_OUTSTANDING_REQUESTS", "RANDOM", "PREFIX_AWARE"] = Field(
        description="The one with the least to do, any, or the one that has seen the beginning of the prompt."
    )
    prefix_length: Annotated[int, Field(ge=1024, le=65536)] | None = Field(
        None,
        description="How much of a prompt's beginning is looked at, with PREFIX_AWARE; 2048 when absent.",
    )
    concurrency_threshold: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None,
        description="Requests under way at which another instance is taken, with PREFIX_AWARE; 16 when absent.",
    )


class ManagedInstanceScaling(SpecModel):
    """``endpoint.managedInstanceScaling``: as many instances as the copies of inference components need."""

    min: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None,
        description="Least number of instances; 0 when absent and every component can go to zero, else 1.",
    )
    max: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Most instances; what the most copies of all components need when absent."
    )
    scale_in: Literal["idle-release", "consolidation"] | None = Field(
        None,
        description="Which instances go: those without any copy, or after copies were moved together. SageMaker's "
        "choice when absent.",
    )


class Endpoint(SpecModel):
    """``endpoint``: on what the model is served."""

    instance_type: InstanceType = Field(
        "",
        json_schema_extra={"default": None},
        description="The instance type, or auto: the cheapest that the model fits. Required, but for serverless and "
        "instance pools.",
    )
    instance_pools: Annotated[list[InstancePool], Field(min_length=2, max_length=5)] | None = Field(
        None, description="Instance types instead of one: where the first is short, the next is taken."
    )
    provision_timeout: Annotated[int, Field(ge=300, le=3600)] | None = Field(
        None,
        description="Seconds to wait for instances that are short, before the next pool or the end (300 to 3600).",
    )
    capacity_reservation: (
        Annotated[
            str,
            pattern(
                rf"^{ARN_PARTITION}:sagemaker:[a-z0-9-]+:[0-9]{{12}}:[a-z0-9-]{{1,14}}/.+$",
                "the ARN of an ML capacity reservation",
                "arn:aws:sagemaker:us-east-1:111122223333:training-plan/inference",
                max_length=258,
            ),
            CLEAN,
        ]
        | None
    ) = Field(
        None, description="ML capacity reservation that the instances come from, and from nowhere else."
    )
    routing: Routing | None = Field(None, description="Which instance gets a request.")
    instance_count: Annotated[int, Field(ge=1, le=100)] = Field(1, description="How many instances.")
    managed_instance_scaling: ManagedInstanceScaling | None = Field(
        None, description="Bounds of the number of instances, for inference components that scale."
    )
    allowed_instance_types: Annotated[list[InstanceType], Field(min_length=1, max_length=50)] | None = Field(
        None, description="What a launcher may choose from; cfgen picks like types when absent."
    )
    context: Annotated[int, Field(ge=16, le=10_000_000)] | None = Field(
        None, description="Longest prompt plus answer to serve, in tokens. The container decides when absent."
    )
    concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None,
        description="Requests of that length to serve at once, for instanceType: auto (4 when absent).",
    )
    max_price: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        None,
        description="USD an hour and instance, at most, by cfgen's approximate prices; for instanceType: auto.",
    )
    startup_health_check_timeout: Seconds | None = Field(
        None, description="Seconds the container has to answer its first health check (60 to 3600)."
    )
    model_data_download_timeout: Seconds | None = Field(
        None, description="Seconds SageMaker has to fetch model data from S3 (60 to 3600)."
    )
    volume_size: Annotated[int, Field(ge=1, le=512)] | None = Field(
        None, description="Storage volume in GiB (1 to 512), on instance types without local storage."
    )
    variant_name: Annotated[
        str,
        pattern(
            r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$",
            "letters, digits and single hyphens",
            "AllTraffic",
            max_length=63,
        ),
        CLEAN,
    ] = Field("AllTraffic", description="Name of the production variant.")
    inference_ami_version: (
        Annotated[
            str,
            pattern(
                r"^[a-zA-Z0-9.-]+$",
                "a SageMaker inference AMI version",
                "al2-ami-sagemaker-inference-gpu-3-1",
                max_length=63,
            ),
            CLEAN,
        ]
        | None
    ) = Field(None, description="Machine image of the instance; follows from the container when absent.")


class NoVpc(SpecModel):
    """The endpoint runs outside any network of yours (the default)."""

    mode: Literal["none"]


class ExistingVpc(SpecModel):
    """The endpoint's network interfaces stand in a network that exists."""

    mode: Literal["existing"]
    vpc_id: (
        Annotated[str, pattern(r"^vpc-[0-9a-f]{8,17}$", "a VPC id", "vpc-0123456789abcdef0"), CLEAN] | None
    ) = Field(None, description="Default of the template's parameter; without it the launcher chooses.")
    subnet_ids: (
        Annotated[
            list[
                Annotated[
                    str, pattern(r"^subnet-[0-9a-f]{8,17}$", "a subnet id", "subnet-0123456789abcdef0"), CLEAN
                ]
            ],
            Field(min_length=1, max_length=16),
        ]
        | None
    ) = Field(None, description="Default of the template's parameter; at most 16.")
    security_group_ids: (
        Annotated[
            list[
                Annotated[
                    str, pattern(r"^sg-[0-9a-f]{8,17}$", "a security group id", "sg-0123456789abcdef0"), CLEAN
                ]
            ],
            Field(min_length=1, max_length=5),
        ]
        | None
    ) = Field(None, description="Security groups of yours (at most 5); cfgen makes one when absent.")


class CreatedVpc(SpecModel):
    """The template makes a network for the endpoint."""

    mode: Literal["create"]
    cidr: Annotated[
        str,
        pattern(
            r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/(1[6-9]|2[0-4])$", "an IPv4 network of /16 to /24", "10.0.0.0/20"
        ),
        CLEAN,
    ] = Field("10.0.0.0/20", description="Address range, divided evenly over the subnets.")
    availability_zones: Literal[2, 3] = Field(2, description="Over how many zones the subnets spread.")
    interface_endpoints: Annotated[list[InterfaceService], Field(max_length=9)] = Field(
        default_factory=list,
        description="AWS services reached privately from the network, each billed by the hour and zone.",
    )


Vpc = Annotated[NoVpc | ExistingVpc | CreatedVpc, Field(discriminator="mode")]


class Security(SpecModel):
    """``security``: roles, keys and isolation."""

    execution_role_arn: (
        Annotated[
            str,
            pattern(
                rf"^{ARN_PARTITION}:iam::[0-9]{{12}}:role/[A-Za-z0-9_+=,.@/-]+$",
                "the ARN of an IAM role",
                "arn:aws:iam::111122223333:role/sagemaker-execution",
                max_length=2048,
            ),
            CLEAN,
        ]
        | None
    ) = Field(None, description="Bring your own execution role; cfgen makes a narrow one when absent.")
    permissions_boundary: (
        Annotated[
            str,
            pattern(
                rf"^{ARN_PARTITION}:iam::(aws|[0-9]{{12}}):policy/[A-Za-z0-9_+=,.@/-]+$",
                "the ARN of an IAM policy",
                "arn:aws:iam::111122223333:policy/boundary",
                max_length=2048,
            ),
            CLEAN,
        ]
        | None
    ) = Field(None, description="Permissions boundary of every role the template makes.")
    role_path: Annotated[
        str,
        pattern(
            r"^/([A-Za-z0-9_+=,.@-]+/)*$",
            "a path that begins and ends in /",
            "/",
            "/sagemaker/",
            max_length=512,
        ),
        CLEAN,
    ] = Field("/", description="Path of every role the template makes.")
    kms_key: KmsKeyArn | None = Field(
        None,
        description="KMS key for all that the stack keeps, where no other is named; a launcher may give another.",
    )
    volume_kms_key: KmsKeyArn | None = Field(
        None, description="KMS key for the instances' storage volumes; a launcher may give another."
    )
    volume_kms_key_on_local_storage: bool = Field(
        False,
        description="Pass the key on instance types with local NVMe storage too, which it does not encrypt.",
    )
    artifact_kms_key: KmsKeyArn | None = Field(
        None, description="KMS key for what the build puts into S3; a launcher may give another."
    )
    log_kms_key: KmsKeyArn | None = Field(
        None, description="KMS key for the log groups; a launcher may give another."
    )
    access_log_bucket: (
        Annotated[
            str,
            pattern(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "the name of an S3 bucket", "my-access-logs"),
            CLEAN,
        ]
        | None
    ) = Field(
        None, description="Bucket for S3's access logs of the buckets the template makes; none when absent."
    )
    network_isolation: bool | None = Field(
        None, description="No traffic in or out of the container; on for model packages."
    )
    vpc_only: bool = Field(
        False,
        description="Refuse what needs the internet, and let the policy of callers ask for the network.",
    )
    required_tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128), CLEAN]], Field(max_length=45)
    ] = Field(default_factory=list, description="Keys that tags must hold, with a value.")
    invoke_policy: InvokePolicy | None = Field(
        None, description="An IAM managed policy that allows to invoke this endpoint, and no more."
    )


class Logs(SpecModel):
    """``logs``: the endpoint's log group."""

    retention_days: Annotated[int, Field(json_schema_extra={"enum": list(RETENTION_DAYS)})] = Field(
        30, description="Days that logs are kept, one of CloudWatch Logs' steps."
    )


class Build(SpecModel):
    """``build``: how models are copied to S3 (``custom-inference``, and containers with ``staging: s3``)."""

    timeout: Annotated[int, Field(ge=5, le=600)] = Field(
        180, description="Minutes the build may run (5 to 600)."
    )
    queue_timeout: Annotated[int, Field(ge=5, le=60)] = Field(
        30, description="Minutes the build may wait for a machine (5 to 60)."
    )
    include: list[FilePattern] | None = Field(
        None, description="Copy only files that match one of these, of every repository."
    )
    exclude: list[FilePattern] | None = Field(
        None, description="Leave out files that match one of these, of every repository."
    )
    allow_pickle: bool = Field(
        False, description="Copy weights in pickle formats, which may run code when they are loaded."
    )
    archive: Literal["none", "tar.gz"] = Field(
        "none", description="One .tar.gz instead of files, for containers that need one."
    )
    retain_on_delete: bool = Field(
        False, description="Keep the bucket and what was built with the stack gone."
    )


RequestBody = Annotated[
    Annotated[str, Field(min_length=1, max_length=3000), CLEAN, TEXT]
    | Annotated[list[Any], LIST]
    | Annotated[dict[str, Any], MAPPING],
    BY_KIND,
]


class SmokeTest(SpecModel):
    """``smokeTest``: one request that the endpoint must answer before the stack may succeed."""

    enabled: bool = Field(True, description="Whether it is sent.")
    body: RequestBody | None = Field(
        None,
        description="Its body, as text or as a structure sent as JSON; what suits the container when absent.",
    )
    target_model: Annotated[str, Field(min_length=1, max_length=1024), CLEAN] | None = Field(
        None, description="Which model is asked, of a multi-model endpoint: its path below modelData."
    )
    content_type: Annotated[
        str, pattern(r"^[a-z]+/[a-z0-9.+-]+$", "a media type", "application/json", max_length=100), CLEAN
    ] = Field("application/json", description="Its content type.")
    timeout: Annotated[int, Field(ge=60, le=780)] = Field(
        600, description="Seconds until it is given up (60 to 780)."
    )
