"""Mistakes that need no rule of ours: what the linters we use find by themselves. name → change, or a whole text."""

from __future__ import annotations

from tests.lint.kit import (
    COMPONENT,
    DROP,
    VPC,
    Change,
    both,
    config,
    container,
    endpoint,
    model,
    props,
    ref,
    sub,
    variant,
)

_ALARMS = [{"AlarmName": f"a{index}"} for index in range(11)]

MISTAKES: dict[str, Change | str] = {
    "file that is not YAML": "Resources: {A: [",
    "template without resources": "AWSTemplateFormatVersion: '2010-09-09'\n",
    "key given twice": "Resources:\n  A: {Type: AWS::SNS::Topic}\n  A: {Type: AWS::SNS::Topic}\n",
    "unknown property of a variant": variant(InstanceCount=1),
    "variant without a name": variant(VariantName=DROP),
    "instance type that never was": variant(InstanceType="ml.g5.huge"),
    "instance type that never was, by default": {"Parameters": {"InstanceType": {"Default": "ml.g5.huge"}}},
    "volume of 1,024 GB": variant(VolumeSizeInGB=1024, InstanceType="ml.m5.large"),
    "health check timeout of 59 seconds": variant(ContainerStartupHealthCheckTimeoutInSeconds=59),
    "health check timeout of two hours, by default": both(
        {"Parameters": {"Timeout": {"Type": "Number", "Default": 7200}}},
        variant(ContainerStartupHealthCheckTimeoutInSeconds=ref("Timeout")),
    ),
    "six security groups": both(
        VPC, model(VpcConfig={"SecurityGroupIds": [f"sg-{i}2345678" for i in range(6)]})
    ),
    "seventeen subnets": both(VPC, model(VpcConfig={"Subnets": [f"subnet-{i:02}345678" for i in range(17)]})),
    "eleven rollback alarms": endpoint(DeploymentConfig={"AutoRollbackConfiguration": {"Alarms": _ALARMS}}),
    "attribute a model does not have": variant(ModelName={"Fn::GetAtt": ["Model", "Name"]}),
    "reference to nothing": variant(ModelName=ref("Missing")),
    "Sub of nothing": container(Image=sub("${Missing}/mine:1")),
    "DependsOn nothing": {"Resources": {"Model": {"DependsOn": "Missing"}}},
    "resources in a circle": {"Resources": {"Policy": {"DependsOn": "Endpoint"}}},
    "execution role that is no ARN": model(ExecutionRoleArn="model-role"),
    "text where a number belongs": variant(InitialInstanceCount="one"),
    "parameter nobody uses": {"Parameters": {"Spare": {"Type": "String", "Default": "x"}}},
    "default outside the allowed values": {
        "Parameters": {"InstanceType": {"AllowedValues": ["ml.g6.2xlarge"]}}
    },
    "component with 17 environment entries": both(
        COMPONENT,
        props(
            "Component",
            Specification={
                "ModelName": DROP,
                "Container": {"Environment": {f"V{i}1": "x" for i in range(17)}},
            },
        ),
    ),
    "weight below zero": config(ProductionVariants=[{"VariantName": "A", "InitialVariantWeight": -1}]),
}
