"""W9712: an execution role that lacks a right its model or endpoint needs."""

from __future__ import annotations

from collections.abc import Iterator

from cfgen.lint.evaluate import Path, mapping
from cfgen.lint.rules._iam import allows, granted
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, MODEL, ROLE, containers, ecr, model_of, variants
from cfgen.lint.worlds import Resource


class RoleRights(Rule):
    """Rights are looked for by action, not by resource."""

    id = "W9712"
    shortdesc = "An execution role has the rights its endpoint uses"
    description = (
        "SageMaker uses the model's execution role to read the artifact (s3:GetObject, for a prefix "
        "s3:ListBucket too), pull the image (ecr:BatchGetImage), write answers and captured data "
        "(s3:PutObject), notify (sns:Publish) and attach to a VPC (ec2:CreateNetworkInterface). A missing "
        "right shows after minutes, or at the first request."
    )
    fix = "allow the action on the exact resource"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
    source_title = "How to use SageMaker AI execution roles: CreateModel API permissions"
    tags = ("resources", "sagemaker", "iam")
    types = (MODEL, CONFIG)

    def check(self, resource: Resource) -> Hits:
        """Only roles of the template without managed policies: of others nothing is known."""
        world = resource.world
        model = resource if resource.type == MODEL else None
        if resource.type == CONFIG:
            served = [model_of(world, variant) for variant in variants(resource)]
            model = next((found for found in served if found), None)
        role = world.target(model.properties.get("ExecutionRoleArn"), ROLE) if model else None
        allowed = granted(world, role) if role else None
        if allowed is None or role is None:
            return
        needs = _of_model(resource) if resource.type == MODEL else _of_config(resource)
        for action, path in needs:
            if not allows(allowed, action):
                yield path, f"role '{role.name}' lacks {action}"


def _of_model(model: Resource) -> Iterator[tuple[str, Path]]:
    if "VpcConfig" in model.properties:
        yield "ec2:CreateNetworkInterface", model.properties.where("VpcConfig")
    for container in containers(model):
        if ecr(container.get("Image")):
            yield "ecr:BatchGetImage", container.where("Image")
        if "ModelDataUrl" in container:
            yield "s3:GetObject", container.where("ModelDataUrl")
        source = mapping(container, "ModelDataSource", "S3DataSource")
        if source:
            yield "s3:GetObject", source.where("S3Uri")
            if source.get("S3DataType") == "S3Prefix":
                yield "s3:ListBucket", source.where("S3Uri")


def _of_config(config: Resource) -> Iterator[tuple[str, Path]]:
    output = mapping(config.properties, "AsyncInferenceConfig", "OutputConfig")
    if "S3OutputPath" in output:
        yield "s3:PutObject", output.where("S3OutputPath")
    topics = mapping(output, "NotificationConfig")
    for name in ("SuccessTopic", "ErrorTopic"):
        if name in topics:
            yield "sns:Publish", topics.where(name)
    capture = mapping(config.properties, "DataCaptureConfig")
    if "DestinationS3Uri" in capture:
        yield "s3:PutObject", capture.where("DestinationS3Uri")
