"""What SageMaker does with a model's execution role: read model data, pull images, write logs; simulated as IAM."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.s3.models import s3_backends

from cfgen.sandbox.clients import client
from cfgen.sandbox.iam import enforce, principals
from cfgen.sandbox.services.loglines import LogWriter
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call, partition_of

_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^:@]+)(?:[:@].+)?")
_GATED = re.compile(r"s3://jumpstart-private-cache-")
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def _refuse(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _containers(model: dict[str, Any]) -> list[dict[str, Any]]:
    if model.get("Containers"):
        return list(model["Containers"])
    return [model["PrimaryContainer"]] if model.get("PrimaryContainer") else []


def check_model(call: Call) -> None:
    """What CreateModel checks: the role can be assumed, the network exists, model data can be read."""
    p = call.params
    role = str(p.get("ExecutionRoleArn", ""))
    _check_role(role)
    for container in _containers(p):
        _check_container(container)
        if problem := data_problem(container, role, call.region):
            raise _refuse(problem)
    if vpc := p.get("VpcConfig"):
        _check_network(vpc, call.region)


def _check_role(role: str) -> None:
    if role and not principals.trusts(
        role, {"Service": ["sagemaker.amazonaws.com"]}, {"aws:SourceAccount": ACCOUNT}
    ):
        raise _refuse(
            f"Could not assume role {role}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )


def check_config(call: Call) -> None:
    """What CreateEndpointConfig checks: a role can be assumed, a network exists."""
    _check_role(str(call.params.get("ExecutionRoleArn") or ""))
    if vpc := call.params.get("VpcConfig"):
        _check_network(vpc, call.region)


def _check_container(container: dict[str, Any]) -> None:
    if not container.get("Image") and not container.get("ModelPackageName"):
        raise _refuse("A container needs an Image or a ModelPackageName.")
    variables = container.get("Environment") or {}
    if len(variables) > 100:
        raise _refuse("A container can have at most 100 environment variables.")
    if any(len(key) > 1024 or len(value) > 1024 for key, value in variables.items()):
        raise _refuse(
            "1 validation error detected: Value at 'primaryContainer.environment' failed to satisfy constraint: Map "
            "value must satisfy constraint: [Member must have length less than or equal to 1024]"
        )
    source = (container.get("ModelDataSource") or {}).get("S3DataSource")
    if source and container.get("ModelDataUrl"):
        raise _refuse("ModelDataUrl and ModelDataSource cannot be specified together.")
    if source and source["S3DataType"] == "S3Prefix" and not source["S3Uri"].endswith("/"):
        raise _refuse(f'S3Uri "{source["S3Uri"]}" must end with a "/" when S3DataType is S3Prefix.')
    if (
        source
        and _GATED.match(source["S3Uri"])
        and not (source.get("ModelAccessConfig") or {}).get("AcceptEula")
    ):
        raise _refuse(
            f"Model data at {source['S3Uri']} is gated: ModelAccessConfig.AcceptEula must be true to accept the "
            "model's end-user license agreement (EULA)."
        )
    if source and source["S3DataType"] == "S3Prefix" and source["CompressionType"] == "Gzip":
        raise _refuse("CompressionType Gzip needs S3DataType S3Object.")


def _check_network(vpc: dict[str, Any], region: str) -> None:
    ec2 = client("ec2", region)
    try:
        ec2.describe_subnets(SubnetIds=vpc["Subnets"])
        ec2.describe_security_groups(GroupIds=vpc["SecurityGroupIds"])
    except ClientError as error:
        raise _refuse(error.response["Error"]["Message"]) from None


def _place(uri: str) -> tuple[str, str]:
    parsed = urlparse(uri)
    if parsed.scheme == "s3":
        return parsed.netloc, parsed.path.lstrip("/")
    bucket, _, key = parsed.path.lstrip("/").partition("/")
    return bucket, key


def data_problem(container: dict[str, Any], role: str, region: str) -> str:
    """Why SageMaker could not read a container's model data; empty if it can."""
    source: dict[str, Any] | None = (container.get("ModelDataSource") or {}).get("S3DataSource")
    uri = source["S3Uri"] if source else container.get("ModelDataUrl")
    if not uri or not str(uri).startswith(("s3://", "http")):
        return ""
    bucket, key = _place(str(uri))
    arn = f"arn:aws:s3:::{bucket}"
    many = container.get("Mode") == "MultiModel"
    is_prefix = many or (source is not None and source["S3DataType"] == "S3Prefix")
    advice = (
        f'Please ensure that the role "{role}" exists and that its trust relationship policy allows the action '
        '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has '
        f'"s3:GetObject" permissions and that the object is located in {region}. If your Model uses multiple models '
        'or uncompressed models, please ensure that the role has "s3:ListBucket" permission.'
    )
    found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    keys = [name for name in list(found.keys) if name.startswith(key)] if found is not None else []
    if is_prefix and (why := enforce.simulate(role, "s3:ListBucket", arn, region, {"s3:prefix": key})):
        return f"Could not access model data at {uri}. {advice} [{why}]"
    for name in keys[:3] if is_prefix and keys else [key]:
        if why := enforce.simulate(role, "s3:GetObject", f"{arn}/{name}", region):
            return f"Could not access model data at {uri}. {advice} [{why}]"
    if found is None:
        # buckets of AWS's own (JumpStart's caches) are not here, but exist there
        return "" if bucket.startswith("jumpstart-") else f"Could not access model data at {uri}. {advice}"
    if found.region_name != region:
        return f"Could not access model data at {uri}: the bucket is in {found.region_name}, not in {region}."
    if not keys or (not is_prefix and key not in keys):
        return f"Could not find model data at {uri}."
    if is_prefix:
        return _prefix_problem(str(uri), key, keys)
    return ""


def _prefix_problem(uri: str, prefix: str, keys: list[str]) -> str:
    names = set(keys)
    for name in keys:
        rest = name.removeprefix(prefix)
        if name.endswith("/"):
            return f"Model data at {uri} holds the zero-byte folder object {name}; SageMaker cannot read it."
        if any(part in ("", ".", "..") or len(part.encode()) > 255 for part in rest.split("/")):
            return f"Model data at {uri} holds the key {name}, which is no valid file name."
        if any(other.startswith(f"{name}/") for other in names):
            return f"Model data at {uri}: {name} is a file and a folder at once."
    return ""


def image_problem(image: str, role: str, region: str) -> str:
    """Why SageMaker could not pull an image; empty if it can."""
    match = _IMAGE.fullmatch(image)
    if match is None or not role:
        return ""
    account, where, repository = match.groups()
    if where != region:
        return f"Requested image {image} is in {where}; an endpoint in {region} cannot pull it."
    arn = f"arn:aws:ecr:{where}:{account}:repository/{repository}"
    for action, resource in (("ecr:GetAuthorizationToken", "*"), *((action, arn) for action in _PULL)):
        if why := enforce.simulate(role, action, resource, region):
            return f"Role {role} cannot pull the image {image}: {why}"
    return ""


def endpoint_problem(call: Call, hosting: Any, config: dict[str, Any]) -> str:
    """Why an endpoint would fail to start."""
    for variant in config["ProductionVariants"]:
        name = str(variant.get("ModelName") or "")
        if not name:
            continue
        model = hosting.models.get(name.lower())
        if model is None:
            return f'Could not find model "{name}".'
        if problem := model_problem(model, call.region):
            return problem
    return ""


def model_problem(model: dict[str, Any], region: str) -> str:
    """Why a model's containers would not start."""
    role = str(model.get("ExecutionRoleArn", ""))
    for container in _containers(model):
        problem = data_problem(container, role, region) or image_problem(
            str(container.get("Image") or ""), role, region
        )
        if problem:
            return problem
    return ""


def role_of(hosting: Any, config: dict[str, Any]) -> str:
    """The role an endpoint works with: its configuration's, or its first model's."""
    if role := config.get("ExecutionRoleArn"):
        return str(role)
    name = str(config["ProductionVariants"][0].get("ModelName") or "")
    return str((hosting.models.get(name.lower()) or {}).get("ExecutionRoleArn") or "")


def alarm_problem(policy: dict[str, Any], hosting: Any, config: dict[str, Any], region: str) -> str:
    """Why a deployment goes back: an alarm of its AutoRollbackConfiguration is tripped, or cannot be looked at."""
    alarms = (policy.get("AutoRollbackConfiguration") or {}).get("Alarms") or []
    names = [str(alarm["AlarmName"]) for alarm in alarms]
    role = role_of(hosting, config)
    for name in names:
        arn = f"arn:{partition_of(region)}:cloudwatch:{region}:{ACCOUNT}:alarm:{name}"
        if role and (why := enforce.simulate(role, "cloudwatch:DescribeAlarms", arn, region)):
            return f"The auto-rollback alarm {name} cannot be monitored: {why}"
    if not names:
        return ""
    found = client("cloudwatch", region).describe_alarms(
        AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    every = [*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])]
    tripped = [alarm["AlarmName"] for alarm in every if alarm["StateValue"] == "ALARM"]
    if tripped:
        return f"Auto-rollback: the CloudWatch alarm(s) {', '.join(tripped)} went into ALARM state."
    return ""


def scaled_variants(name: str, old: dict[str, Any], new: dict[str, Any], region: str) -> list[str]:
    """Variants under autoscaling that an update would remove or move to another instance type."""
    targets = applicationautoscaling_backends[ACCOUNT][region].targets.get(
        "sagemaker:variant:DesiredInstanceCount", {}
    )
    wanted = {item["VariantName"]: _types(item) for item in new["ProductionVariants"]}
    return [
        item["VariantName"]
        for item in old.get("ProductionVariants", [])
        if f"endpoint/{name}/variant/{item['VariantName']}" in targets
        and wanted.get(item["VariantName"]) != _types(item)
    ]


def _types(variant: dict[str, Any]) -> list[str]:
    pools = variant.get("InstancePools") or []
    return sorted([pool["InstanceType"] for pool in pools] or [variant.get("InstanceType", "")])


def write_container_log(call: Call, hosting: Any, endpoint: dict[str, Any], config: dict[str, Any]) -> None:
    """A line of the container's log, if the role may write one; without it an endpoint serves all the same."""
    variant = config["ProductionVariants"][0]
    model = hosting.models.get(str(variant.get("ModelName") or "").lower())
    role = (model or {}).get("ExecutionRoleArn")
    if not role or not settings.enforce_iam:
        return
    try:
        keys = principals.mint(
            role, "sagemaker.amazonaws.com", "SageMaker", call.region, endpoint["EndpointArn"]
        )
    except AwsError:
        return
    group = f"/aws/sagemaker/Endpoints/{endpoint['EndpointName']}"
    log = LogWriter(group, f"{variant['VariantName']}/i-sandbox", call.region, keys)
    log("cfgen sandbox: no container runs here; InvokeEndpoint is answered by the sandbox's responder")
    log.close()
