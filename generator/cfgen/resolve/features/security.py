"""``security`` → keys, access logs, the policy of callers; and what an organisation insists on.

Sources: Service Authorization Reference, "Amazon SageMaker" (InvokeEndpoint knows endpoints and inference components);
IAM, "Global condition context keys" (aws:SourceVpc, aws:SourceVpce); Amazon CloudWatch Logs, "Encrypt log data".
"""

from __future__ import annotations

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.security import InvokePlan, KeyPlan, SecurityPlan

RUNTIME = "sagemaker.runtime"
"""The interface endpoint through which endpoints are invoked."""


def plan(scene: Scene) -> SecurityPlan:
    """Keys of all that is kept, and who may call. Notes missing tags, and ways out of or into a closed network."""
    data = scene.data
    security, asynchronous, capture = data.security, data.asynchronous, data.data_capture
    _check_tags(scene)
    _check_network(scene)
    staged = any(model.build for model in scene.models)
    kept = (
        ("volumes", scene.endpoint.takes_volume_key),
        ("model files", staged),
        ("asynchronous answers", asynchronous is not None),
        ("captured data", capture is not None),
        ("logs", True),
    )
    shared = None
    if security.kms_key:
        what = ", ".join(words for words, there in kept if there)
        shared = KeyPlan(
            "KmsKeyArn",
            "HasKmsKey",
            security.kms_key,
            f"ARN of a KMS key that encrypts what this stack keeps ({what}). Empty for keys of AWS's own.",
        )

    def key(name: str, given: str | None, description: str) -> KeyPlan:
        if shared and not given:
            return shared
        return KeyPlan(f"{name}KmsKeyArn", f"Has{name}KmsKey", given or "", description)

    makes_bucket = (asynchronous is not None and asynchronous.bucket is None) or (
        capture is not None and capture.bucket is None
    )
    return SecurityPlan(
        volumes=key(
            "Volume",
            security.volume_kms_key,
            "ARN of a KMS key that encrypts the instances' storage volumes. Empty for a key of AWS's own.",
        )
        if scene.endpoint.takes_volume_key
        else None,
        artifacts=key(
            "Artifact",
            security.artifact_kms_key,
            "ARN of a KMS key that encrypts what the build puts into S3. Empty for a key of S3's own.",
        )
        if staged
        else None,
        asynchronous=key(
            "Async",
            asynchronous.kms_key,
            "ARN of a KMS key that encrypts answers. Empty for the bucket's own way.",
        )
        if asynchronous
        else None,
        capture=key(
            "Capture",
            capture.kms_key,
            "ARN of a KMS key that encrypts what is captured. Empty for the bucket's own way.",
        )
        if capture
        else None,
        logs=key(
            "Log",
            security.log_kms_key,
            "ARN of a KMS key that encrypts logs. Empty for a key of CloudWatch Logs' own.",
        ),
        access_logs=staged or makes_bucket,
        access_log_bucket=security.access_log_bucket or "",
        invoke=_invoke(scene),
    )


def _check_tags(scene: Scene) -> None:
    for key in dict.fromkeys(scene.data.security.required_tags):
        if not scene.data.tags.get(key):
            scene.notes.refuse(
                "tags", f"the tag {key} is required by security.requiredTags", "give it a value"
            )


def _check_network(scene: Scene) -> None:
    if not scene.data.security.vpc_only:
        return
    if scene.network.mode == "none":
        scene.notes.refuse(
            "security.vpcOnly", "the endpoint stands in no VPC", "vpc: {mode: create}, or an existing one"
        )
    elif any(one.planned.reaches_hub for one in scene.served):
        scene.notes.refuse(
            "security.vpcOnly",
            "the container fetches the model from the hub, over the internet",
            "staging: s3 in the model, which copies it before",
        )


def _invoke(scene: Scene) -> InvokePlan | None:
    asked, network, notes = scene.data.security.invoke_policy, scene.network, scene.notes
    if asked is None:
        return None
    if scene.data.asynchronous is not None:
        actions: tuple[str, ...] = ("sagemaker:InvokeEndpointAsync",)
        if asked.bearer_token:
            notes.refuse(
                "security.invokePolicy.bearerToken",
                "an asynchronous endpoint is not called with a bearer token",
                "leave it out",
            )
    elif scene.endpoint.serverless:
        actions = ("sagemaker:InvokeEndpoint",)
    else:
        actions = ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream")
    vpc = ""
    if scene.data.security.vpc_only and not asked.vpc_endpoints:
        vpc = {"create": "Vpc", "existing": "VpcId"}.get(network.mode, "")
        if network.mode == "create" and RUNTIME not in dict(network.interface_endpoints):
            notes.refuse(
                "security.invokePolicy",
                "with security.vpcOnly nobody could call: the network has no interface endpoint of SageMaker's runtime",
                f"{RUNTIME} in vpc.interfaceEndpoints, or vpcEndpoints here",
            )
        if network.mode == "existing" and not network.own_group:
            notes.refuse(
                "security.invokePolicy",
                "with security.vpcOnly it must say from where calls come, and security groups of yours do not tell "
                "the network",
                "vpcEndpoints: the ids of your interface endpoints of SageMaker's runtime",
            )
    return InvokePlan(
        actions=actions,
        vpc_endpoints=tuple(asked.vpc_endpoints or ()),
        vpc=vpc,
        bearer_token=asked.bearer_token,
    )
