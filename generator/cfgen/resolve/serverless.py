"""``serverless`` → a variant without instances, and all that serverless inference does not have."""

from __future__ import annotations

from dataclasses import replace

from cfgen.resolve.collector import Collector
from cfgen.resolve.plans.endpoint import ServerlessPlan
from cfgen.spec.model import ContainerModel

STAND_IN = "ml.m5.large"
"""An instance type with what a serverless container runs on: x86 processors and nothing else."""
_OF_INSTANCES = (
    ("instance_type", "instanceType"),
    ("instance_count", "instanceCount"),
    ("allowed_instance_types", "allowedInstanceTypes"),
    ("instance_pools", "instancePools"),
    ("provision_timeout", "provisionTimeout"),
    ("capacity_reservation", "capacityReservation"),
    ("routing", "routing"),
    ("volume_size", "volumeSize"),
    ("inference_ami_version", "inferenceAmiVersion"),
    ("startup_health_check_timeout", "startupHealthCheckTimeout"),
    ("model_data_download_timeout", "modelDataDownloadTimeout"),
)


def stand_in(notes: Collector) -> Collector:
    """The notes of a spec with an instance type, so that image and environment are planned as for a processor.

    Notes what serverless inference does not have (SageMaker: Deploy models with Serverless Inference).
    """
    data = notes.spec.data
    given = data.endpoint.model_fields_set
    for field, key in _OF_INSTANCES:
        if field in given:
            notes.refuse(
                f"endpoint.{key}", "is about instances; a serverless endpoint has none", "leave it out"
            )
    if data.vpc.mode != "none":
        notes.refuse("vpc.mode", "serverless inference has no network interfaces in a VPC", "none")
    if data.security.network_isolation:
        notes.refuse(
            "security.networkIsolation", "serverless inference has no network isolation", "leave it out"
        )
    if data.security.volume_kms_key:
        notes.refuse("security.volumeKmsKey", "is of no use: there is no volume", "leave it out")
    if data.asynchronous is not None:
        notes.refuse("async", "serverless inference is not asynchronous", "keep one of the two")
    if data.model.type in ("model-package", "jumpstart"):
        notes.refuse(
            "model.type",
            f"serverless inference serves no {data.model.type} model",
            "container, with modelData of one .tar.gz or a model of the hub",
        )
    _check_files(notes)
    endpoint = data.endpoint.model_copy(update={"instance_type": STAND_IN})
    spec = replace(notes.spec, data=data.model_copy(update={"endpoint": endpoint}))
    return notes.view(spec, {"endpoint.instanceType": "serverless"})


def _check_files(notes: Collector) -> None:
    """Files come as one archive, by ModelDataUrl: serverless inference has no ModelDataSource."""
    data = notes.spec.data
    archive = data.build is not None and data.build.archive == "tar.gz"
    staged = data.model.type == "custom-inference" or getattr(data.model, "staging", "") == "s3"
    if staged and not archive:
        notes.refuse(
            "model.type" if data.model.type == "custom-inference" else "model.staging",
            "serverless inference takes a model's files as one archive",
            "add build: {archive: tar.gz}",
        )
    if isinstance(data.model, ContainerModel):
        if data.model.model_data and data.model.model_data.endswith("/"):
            notes.refuse(
                "model.modelData", "serverless inference takes a model's files as one archive", "a .tar.gz"
            )
        if data.model.model_id and data.model.staging == "hub":
            notes.warn(
                "model.modelId",
                "is fetched anew for each container that is started: the first request after a pause waits for it",
                "put its files into S3 as one .tar.gz, give provisionedConcurrency, or take a small model",
            )


def plan_serverless(notes: Collector) -> ServerlessPlan | None:
    """Memory and concurrency of the only variant; None with instances."""
    asked = notes.spec.data.serverless
    if asked is None:
        return None
    provisioned = asked.provisioned_concurrency or 0
    if provisioned > asked.max_concurrency:
        notes.refuse(
            "serverless.provisionedConcurrency",
            f"{provisioned} exceeds maxConcurrency, {asked.max_concurrency}",
            "lower it, or raise maxConcurrency",
        )
    return ServerlessPlan(asked.memory_size, asked.max_concurrency, provisioned)
