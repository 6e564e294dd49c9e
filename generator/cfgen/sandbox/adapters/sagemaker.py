"""SageMaker hosting: models, endpoint configurations, endpoints, inference components."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    changed_tags,
    gone,
    quietly,
    register,
    shaped,
)
from cfgen.sandbox.cfn.errors import ResourceFailure


def _retag(sagemaker: Any, arn: str, old: Props, new: Props) -> None:
    add, remove = changed_tags(old, new)
    if add:
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in add.items()])
    if remove:
        sagemaker.delete_tags(ResourceArn=arn, TagKeys=remove)


class Model(Adapter):
    """A model; Ref is its ARN."""

    type = "AWS::SageMaker::Model"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("ModelName") or ctx.name(63)
        arguments = shaped("sagemaker", "CreateModel", p, ModelName=name)
        arn = ctx.client("sagemaker").create_model(**arguments)["ModelArn"]
        return Made(arn, {"ModelName": name, "ModelArn": arn})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        _retag(ctx.client("sagemaker"), made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sagemaker = ctx.client("sagemaker")
        quietly(lambda: sagemaker.delete_model(ModelName=made.attributes["ModelName"]))


class EndpointConfig(Adapter):
    """An endpoint configuration; Ref is its ARN."""

    type = "AWS::SageMaker::EndpointConfig"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("EndpointConfigName") or ctx.name(63)
        arguments = shaped("sagemaker", "CreateEndpointConfig", p, EndpointConfigName=name)
        arn = ctx.client("sagemaker").create_endpoint_config(**arguments)["EndpointConfigArn"]
        return Made(arn, {"EndpointConfigName": name, "EndpointConfigArn": arn})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        _retag(ctx.client("sagemaker"), made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sagemaker = ctx.client("sagemaker")
        quietly(
            lambda: sagemaker.delete_endpoint_config(EndpointConfigName=made.attributes["EndpointConfigName"])
        )


class Endpoint(Adapter):
    """An endpoint: created, then waited for."""

    type = "AWS::SageMaker::Endpoint"

    def create(self, ctx: Context, p: Props) -> Made:
        sagemaker = ctx.client("sagemaker")
        name = p.get("EndpointName") or ctx.name(63)
        extra = {"DeploymentConfig": p["DeploymentConfig"]} if "DeploymentConfig" in p else {}
        arguments = shaped("sagemaker", "CreateEndpoint", {**p, **extra}, EndpointName=name)
        arn = sagemaker.create_endpoint(**arguments)["EndpointArn"]
        ctx.announce(arn)
        self._settle(ctx, sagemaker, name)
        return Made(arn, {"EndpointName": name, "EndpointArn": arn})

    def _settle(self, ctx: Context, sagemaker: Any, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def done() -> bool:
            found.update(sagemaker.describe_endpoint(EndpointName=name))
            return found["EndpointStatus"] in ("InService", "Failed", "UpdateRollbackFailed")

        ctx.wait(done, 14_400, f"endpoint {name}")
        if found["EndpointStatus"] != "InService":
            raise ResourceFailure(
                f"Resource of type 'AWS::SageMaker::Endpoint' with identifier '{found['EndpointArn']}' did not "
                f"stabilize. {found.get('FailureReason', '')}"
            )
        return found

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        sagemaker = ctx.client("sagemaker")
        name = made.id.rsplit("/", 1)[-1]
        if old.get("EndpointConfigName") != new.get("EndpointConfigName"):
            arguments = shaped("sagemaker", "UpdateEndpoint", new, EndpointName=name)
            sagemaker.update_endpoint(**arguments)
            found = self._settle(ctx, sagemaker, name)
            if found["EndpointConfigName"] != new["EndpointConfigName"].rsplit("/", 1)[-1]:
                raise ResourceFailure(
                    f"Resource of type 'AWS::SageMaker::Endpoint' with identifier '{made.id}' did not stabilize. "
                    f"{found.get('FailureReason', '')}"
                )
        _retag(sagemaker, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sagemaker = ctx.client("sagemaker")
        name = made.id.rsplit("/", 1)[-1]
        quietly(lambda: sagemaker.delete_endpoint(EndpointName=name))

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        found = ctx.client("sagemaker").describe_endpoint(EndpointName=made.id.rsplit("/", 1)[-1])
        wanted = str(p["EndpointConfigName"]).rsplit("/", 1)[-1]
        serving = found["EndpointConfigName"]
        return {
            "EndpointConfigName": p["EndpointConfigName"] if wanted.lower() == serving.lower() else serving
        }


class InferenceComponent(Adapter):
    """An inference component: created, then waited for. Its DeploymentConfig is for updates alone, and for each."""

    type = "AWS::SageMaker::InferenceComponent"

    def create(self, ctx: Context, p: Props) -> Made:
        sagemaker = ctx.client("sagemaker")
        name = p.get("InferenceComponentName") or ctx.name(63)
        arguments = shaped("sagemaker", "CreateInferenceComponent", p, InferenceComponentName=name)
        arguments["EndpointName"] = str(p["EndpointName"]).rsplit("/", 1)[-1]
        arn = sagemaker.create_inference_component(**arguments)["InferenceComponentArn"]
        ctx.announce(arn)
        return Made(arn, self._settle(ctx, sagemaker, name))

    def _settle(self, ctx: Context, sagemaker: Any, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def done() -> bool:
            found.update(sagemaker.describe_inference_component(InferenceComponentName=name))
            return found["InferenceComponentStatus"] in ("InService", "Failed")

        ctx.wait(done, 29_400, f"inference component {name}")
        if found["InferenceComponentStatus"] == "Failed":
            raise ResourceFailure(f"Inference component {name} failed: {found.get('FailureReason')}")
        keys = ("InferenceComponentArn", "InferenceComponentName", "EndpointArn", "InferenceComponentStatus")
        return {key: found[key] for key in keys}

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        sagemaker = ctx.client("sagemaker")
        name = made.attributes["InferenceComponentName"]
        there = sagemaker.describe_inference_component(InferenceComponentName=name)["EndpointName"]
        wanted = str(new["EndpointName"]).rsplit("/", 1)[-1]
        if there != wanted:  # UpdateInferenceComponent takes no endpoint
            raise ResourceFailure(f"Inference component {name} is on {there} and cannot move to {wanted}")
        kept = ("Tags", "EndpointName", "DeploymentConfig")
        changed = {key: value for key, value in new.items() if old.get(key) != value and key not in kept}
        if changed:
            changed |= {"DeploymentConfig": new["DeploymentConfig"]} if "DeploymentConfig" in new else {}
            arguments = shaped("sagemaker", "UpdateInferenceComponent", changed, InferenceComponentName=name)
            sagemaker.update_inference_component(**arguments)
            self._settle(ctx, sagemaker, name)
            found = sagemaker.describe_inference_component(InferenceComponentName=name)
            if found.get("FailureReason"):
                raise ResourceFailure(
                    f"Resource of type 'AWS::SageMaker::InferenceComponent' with identifier '{made.id}' did not "
                    f"stabilize. {found['FailureReason']}"
                )
        _retag(sagemaker, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        sagemaker = ctx.client("sagemaker")
        name = made.attributes.get("InferenceComponentName") or made.id.rsplit("/", 1)[-1]
        try:
            sagemaker.delete_inference_component(InferenceComponentName=name)
        except ClientError as error:
            if not gone(error):
                raise


register(Model, EndpointConfig, Endpoint, InferenceComponent)
