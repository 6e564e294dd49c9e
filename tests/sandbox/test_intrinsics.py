"""Intrinsic functions, parameters and pseudo parameters give what AWS gives, in every region and partition."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import World


def _values(world: World, body: dict[str, Any], **outputs: Any) -> dict[str, str]:
    template = {
        **body,
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}, **body.get("Resources", {})},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    given = template.pop("Given", {})
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    name = world.create(template, Parameters=parameters)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    return world.outputs(name)


def test_values(world: World) -> None:
    body = {
        "Parameters": {
            "List": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
            "Empty": {"Type": "String", "Default": ""},
            "Number": {"Type": "Number", "Default": 3},
        },
        "Mappings": {"M": {"us-east-1": {"list": ["x", "y"], "word": "w"}}},
        "Conditions": {
            "HasEmpty": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Empty"}, ""]}]},
            "Both": {
                "Fn::And": [
                    {"Fn::Not": [{"Condition": "HasEmpty"}]},
                    {"Fn::Equals": [{"Ref": "Number"}, "3"]},
                ]
            },
        },
    }
    assert _values(
        world,
        body,
        Join={"Fn::Join": ["|", {"Ref": "List"}]},
        NoValueInAList={
            "Fn::Join": ["-", ["a", {"Fn::If": ["HasEmpty", "b", {"Ref": "AWS::NoValue"}]}, "c"]]
        },
        Sub={
            "Fn::Sub": [
                "${AWS::Region} ${X} ${!Literal} ${Number}",
                {"X": {"Fn::Select": [1, {"Ref": "List"}]}},
            ]
        },
        Map={"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "word"]},
        MapList={"Fn::Select": ["1", {"Fn::FindInMap": ["M", "us-east-1", "list"]}]},
        Split={"Fn::Select": [2, {"Fn::Split": [".", "a.b.c"]}]},
        Base64={"Fn::Base64": "hello"},
        Cidr={"Fn::Join": [",", {"Fn::Cidr": ["10.0.0.0/16", 3, 8]}]},
        If={"Fn::If": ["Both", "yes", "no"]},
        Topic={"Fn::GetAtt": ["T", "TopicName"]},
    ) | {"Topic": ""} == {
        "Join": "a|b|c",
        "NoValueInAList": "a-c",
        "Sub": "us-east-1 b ${Literal} 3",
        "Map": "w",
        "MapList": "y",
        "Split": "c",
        "Base64": "aGVsbG8=",
        "Cidr": "10.0.0.0/24,10.0.1.0/24,10.0.2.0/24",
        "If": "yes",
        "Topic": "",
    }


@pytest.mark.parametrize(
    ("region", "partition", "suffix", "zone"),
    [
        ("us-east-1", "aws", "amazonaws.com", "us-east-1a"),
        ("eu-central-1", "aws", "amazonaws.com", "eu-central-1a"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn", "cn-north-1a"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com", "us-gov-west-1a"),
    ],
)
def test_pseudo_parameters(world: World, region: str, partition: str, suffix: str, zone: str) -> None:
    world.region = region
    made = _values(
        world,
        {},
        Where={"Fn::Sub": "${AWS::Partition} ${AWS::Region} ${AWS::URLSuffix} ${AWS::AccountId}"},
        Zone={"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        Other={"Fn::Select": [0, {"Fn::GetAZs": "eu-west-1"}]},
        Stack={"Ref": "AWS::StackId"},
        Topic={"Ref": "T"},
    )
    assert made["Where"] == f"{partition} {region} {suffix} 123456789012"
    assert made["Zone"] == zone
    assert made["Other"] == "eu-west-1a"
    assert made["Stack"].startswith(f"arn:{partition}:cloudformation:{region}:")
    assert made["Topic"].startswith(f"arn:{partition}:sns:{region}:")


def test_language_extensions(world: World) -> None:
    body = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "A,B"}},
        "Mappings": {"M": {"a": {"b": "c"}}},
        "Resources": {
            "Fn::ForEach::Topics": [
                "Name",
                {"Ref": "Names"},
                {"Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}}},
            ]
        },
    }
    made = _values(
        world,
        body,
        Length={"Fn::Length": {"Ref": "Names"}},
        Default={"Fn::FindInMap": ["M", "x", "b", {"DefaultValue": "d"}]},
        Json={"Fn::ToJsonString": {"a": [1, {"Ref": "AWS::Region"}]}},
        Looped={"Fn::GetAtt": ["TopicB", "TopicName"]},
    )
    assert made["Length"] == "2"
    assert made["Default"] == "d"
    assert made["Json"] == '{"a":[1,"us-east-1"]}'
    assert "-TopicB-" in made["Looped"]


def test_sam(world: World) -> None:
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Fn": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Runtime": "python3.12",
                    "Handler": "index.handler",
                    "InlineCode": "def handler(event, context): return 'hi'",
                },
            }
        },
    }
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    answer = world.client("lambda").invoke(FunctionName=world.physical(name, "Fn"))
    assert answer["Payload"].read() == b'"hi"'


def test_dynamic_references_and_ssm_types(world: World) -> None:
    world.client("ssm").put_parameter(Name="/word", Value="w1", Type="String")
    world.client("ssm").put_parameter(Name="/list", Value="a,b", Type="StringList")
    world.client("secretsmanager").create_secret(Name="hub", SecretString='{"token": "t"}')
    body = {
        "Parameters": {
            "Word": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/word"},
            "List": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/list"},
        },
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Type": "String",
                    "Value": "{{resolve:ssm:/word}}/{{resolve:secretsmanager:hub:SecretString:token}}",
                },
            }
        },
    }
    made = _values(
        world, body, Word={"Ref": "Word"}, List={"Fn::Join": ["|", {"Ref": "List"}]}, P={"Ref": "P"}
    )
    assert made["Word"] == "w1"
    assert made["List"] == "a|b"
    assert world.client("ssm").get_parameter(Name=made["P"])["Parameter"]["Value"] == "w1/t"


def test_yaml_short_forms(world: World) -> None:
    name = world.create(
        """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Join ["-", [a, !Select [0, !Split [",", "b,c"]]]]}}
  P:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Sub "${T.TopicName} ${AWS::StackName}"}
Outputs:
  Date: {Value: 2012-10-17}
  Value: {Value: !GetAtt P.Value}
"""
    )
    made = world.outputs(name)
    assert made["Date"] == "2012-10-17"
    assert made["Value"].endswith(name)


def test_rules_that_ask_the_account(world: World) -> None:
    """ValueOf asks of the chosen ones, RefAll and ValueOfAll of all that the region has."""
    ec2 = world.client("ec2")
    nets = [ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ("10.1.0.0/24", "10.2.0.0/24")]
    subnets = [
        ec2.create_subnet(VpcId=net, CidrBlock=cidr)["Subnet"]["SubnetId"]
        for net, cidr in zip(
            (nets[0], nets[0], nets[1]), ("10.1.0.0/26", "10.1.0.64/26", "10.2.0.0/26"), strict=True
        )
    ]

    def may(assertion: dict[str, Any], *chosen: str) -> bool:
        rule = {"Assertions": [{"Assert": assertion, "AssertDescription": "not so"}]}
        template = {
            "Parameters": {
                "Net": {"Type": "AWS::EC2::VPC::Id"},
                "Nets": {"Type": "List<AWS::EC2::Subnet::Id>"},
                "One": {"Type": "AWS::EC2::Subnet::Id"},
            },
            "Rules": {"R": rule},
            "Resources": {"H": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        }
        given = {"Net": nets[0], "Nets": ",".join(chosen), "One": chosen[0]}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        try:
            world.create(template, Parameters=parameters)
        except world.cfn.exceptions.ClientError as error:
            if "not so" not in str(error):
                raise
            return False
        return True

    in_net = {"Fn::EachMemberEquals": [{"Fn::ValueOf": ["Nets", "VpcId"]}, {"Ref": "Net"}]}
    assert may(in_net, *subnets[:2])
    assert not may(in_net, *subnets[1:])
    assert may({"Fn::Equals": [{"Fn::ValueOf": ["One", "VpcId"]}, nets[1]]}, subnets[2])
    everywhere = {"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}
    assert not may({"Fn::EachMemberEquals": [everywhere, {"Ref": "Net"}]}, *subnets[:2])
    assert may({"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, nets[1]]}, subnets[0])
    with pytest.raises(world.cfn.exceptions.ClientError, match="attribute CidrBlock"):
        may({"Fn::Equals": [{"Fn::ValueOf": ["One", "CidrBlock"]}, "x"]}, subnets[0])
