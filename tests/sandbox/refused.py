"""Templates that CloudFormation refuses, each with the words it refuses them with and where they are documented.

``stage`` says when: ``template`` (ValidateTemplate and CreateStack), ``create`` (CreateStack only, because it
takes parameter values or capabilities), ``resource`` (the stack begins, the resource fails, all is rolled back).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}


@dataclass(frozen=True)
class Refused:
    """One template, and AWS's answer."""

    name: str
    template: Any
    message: str
    source: str
    stage: str = "template"
    given: dict[str, Any] = field(default_factory=dict)


def resources(**bodies: Any) -> dict[str, Any]:
    return {"Resources": bodies}


def topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def parameter(**body: Any) -> dict[str, Any]:
    return {"Parameters": {"P": body}, "Resources": {"T": topic(DisplayName={"Ref": "P"})}}


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def att(name: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


_ANATOMY = "CloudFormation User Guide: Template anatomy"
_QUOTAS = "CloudFormation User Guide: CloudFormation quotas"
_INTRINSIC = "CloudFormation Template Reference: Intrinsic functions"
_PARAMETERS = "CloudFormation User Guide: Parameters"
_SCHEMA = "CloudFormation CLI User Guide: Resource type schema"
_API = "CloudFormation API Reference"
_RULES = "CloudFormation User Guide: Rules"

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
_SIZES = "IAM User Guide: IAM and AWS STS quotas"


def objects(count: int) -> dict[str, Any]:
    """A policy that names so many objects, each with some ninety characters."""
    names = [f"arn:aws:s3:::models/{number:070d}" for number in range(count)]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": names}
    return {"Version": "2012-10-17", "Statement": [statement]}


SSM_P = "AWS::SSM::Parameter::Value<String>"

TABLE = [
    Refused("not yaml", "Resources: [", "YAML not well-formed", _ANATOMY),
    Refused("not json", '{"Resources": ', "JSON not well-formed", _ANATOMY),
    Refused("a list", "- a\n- b\n", "unsupported structure", _ANATOMY),
    Refused("no resources", {"Outputs": {}}, "At least one Resources member must be defined", _ANATOMY),
    Refused(
        "unknown section", {**resources(T=TOPIC), "Ressources": {}}, "Invalid template property", _ANATOMY
    ),
    Refused(
        "format version",
        {"AWSTemplateFormatVersion": "2011-01-01", **resources(T=TOPIC)},
        "AWSTemplateFormatVersion",
        _ANATOMY,
    ),
    Refused("long description", {"Description": "x" * 1025, **resources(T=TOPIC)}, "Description", _QUOTAS),
    Refused("logical id", {"Resources": {"My-Topic": TOPIC}}, "non alphanumeric", _ANATOMY),
    Refused("no type", resources(T={"Properties": {}}), "must contain a Type member", _ANATOMY),
    Refused(
        "misspelt type",
        resources(T={"Type": "AWS::SNS::Topik"}),
        "Unrecognized resource types: [AWS::SNS::Topik]",
        _ANATOMY,
    ),
    Refused(
        "resource attribute",
        resources(T={**TOPIC, "Property": {}}),
        "Invalid template resource property 'Property'",
        _ANATOMY,
    ),
    Refused("null", resources(T=topic(DisplayName=None)), "null", _ANATOMY),
    Refused(
        "501 resources",
        {"Resources": {f"T{i}": TOPIC for i in range(501)}},
        "Number of resources, 501",
        _QUOTAS,
    ),
    Refused(
        "201 outputs",
        {**resources(T=TOPIC), "Outputs": {f"O{i}": {"Value": "x"} for i in range(201)}},
        "Number of outputs, 201",
        _QUOTAS,
    ),
    Refused(
        "201 parameters",
        {
            **resources(T=TOPIC),
            "Parameters": {f"P{i}": {"Type": "String", "Default": ""} for i in range(201)},
        },
        "Number of parameters, 201",
        _QUOTAS,
    ),
    Refused(
        "body over 51,200 bytes", {"Metadata": {"x": "y" * 51_300}, **resources(T=TOPIC)}, "51200", _QUOTAS
    ),
    Refused(
        "deletion policy",
        resources(T={**TOPIC, "DeletionPolicy": "Keep"}),
        "Unrecognized DeletionPolicy",
        _ANATOMY,
    ),
    # references
    Refused(
        "undefined ref",
        resources(T=topic(DisplayName=ref("Gone"))),
        "Unresolved resource dependencies [Gone]",
        _INTRINSIC,
    ),
    Refused(
        "undefined ref in outputs",
        {**resources(T=TOPIC), "Outputs": {"O": {"Value": ref("Gone")}}},
        "[Gone] in the Outputs block",
        _INTRINSIC,
    ),
    Refused(
        "undefined getatt",
        resources(T=topic(DisplayName=att("Gone", "Arn"))),
        "undefined resource Gone",
        _INTRINSIC,
    ),
    Refused(
        "unknown attribute",
        resources(T=topic(DisplayName=att("Q", "Colour")), Q=QUEUE),
        "does not support attribute type Colour",
        _INTRINSIC,
    ),
    Refused("undefined in sub", resources(T=topic(DisplayName={"Fn::Sub": "${Gone}"})), "[Gone]", _INTRINSIC),
    Refused("undefined dependson", resources(T={**TOPIC, "DependsOn": "Gone"}), "[Gone]", _ANATOMY),
    Refused(
        "circle",
        resources(A=topic(DisplayName=att("B", "TopicName")), B=topic(DisplayName=att("A", "TopicName"))),
        "Circular dependency between resources: [A, B]",
        _ANATOMY,
    ),
    Refused(
        "own circle", resources(A=topic(DisplayName=att("A", "TopicName"))), "Circular dependency", _ANATOMY
    ),
    Refused(
        "ref to a resource a condition leaves out",
        {
            "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
            **resources(A={**TOPIC, "Condition": "No"}, B=topic(DisplayName=att("A", "TopicName"))),
        },
        "Unresolved resource dependencies [A]",
        _ANATOMY,
        stage="create",
    ),
    Refused(
        "undefined condition",
        resources(T={**TOPIC, "Condition": "C"}),
        "Unresolved condition dependencies [C]",
        _ANATOMY,
    ),
    Refused(
        "undefined condition in if",
        resources(T=topic(DisplayName={"Fn::If": ["C", "a", "b"]})),
        "unresolved condition dependency C",
        _INTRINSIC,
    ),
    Refused(
        "resource in a condition",
        {"Conditions": {"C": {"Fn::Equals": [ref("T"), "b"]}}, **resources(T=TOPIC)},
        "Unresolved dependencies [T]",
        _ANATOMY,
    ),
    Refused(
        "circular conditions",
        {"Conditions": {"A": {"Condition": "B"}, "B": {"Condition": "A"}}, **resources(T=TOPIC)},
        "ircular",
        _ANATOMY,
    ),
    # functions
    Refused(
        "unknown function",
        resources(T=topic(DisplayName={"Fn::Upper": "x"})),
        "unsupported function: Fn::Upper",
        _INTRINSIC,
    ),
    Refused(
        "undefined map",
        resources(T=topic(DisplayName={"Fn::FindInMap": ["M", "a", "b"]})),
        "Mapping named 'M' is not present",
        _INTRINSIC,
    ),
    Refused(
        "no such key",
        {
            "Mappings": {"M": {"a": {"b": "c"}}},
            **resources(T=topic(DisplayName={"Fn::FindInMap": ["M", "x", "b"]})),
        },
        "Unable to get mapping for M::x::b",
        _INTRINSIC,
        stage="create",
    ),
    Refused(
        "map default without the transform",
        {
            "Mappings": {"M": {"a": {"b": "c"}}},
            **resources(T=topic(DisplayName={"Fn::FindInMap": ["M", "x", "b", {"DefaultValue": "d"}]})),
        },
        "every Fn::FindInMap object requires three parameters",
        "CloudFormation Template Reference: Fn::FindInMap enhancements",
    ),
    Refused(
        "foreach without the transform",
        {"Resources": {"Fn::ForEach::L": ["X", ["a"], {"T${X}": TOPIC}]}},
        "ForEach",
        _INTRINSIC,
    ),
    Refused(
        "select out of range",
        resources(T=topic(DisplayName={"Fn::Select": [3, ["a"]]})),
        "cannot select nonexistent value at index 3",
        _INTRINSIC,
        stage="create",
    ),
    Refused(
        "join", resources(T=topic(DisplayName={"Fn::Join": ["a"]})), "Fn::Join", _INTRINSIC, stage="create"
    ),
    Refused(
        "import of nothing",
        resources(T=topic(DisplayName={"Fn::ImportValue": "nobody"})),
        "No export named nobody found",
        _INTRINSIC,
        stage="create",
    ),
    Refused(
        "unknown transform",
        {"Transform": "Mine", **resources(T=TOPIC)},
        "No transform named Mine found",
        _ANATOMY,
    ),
    # parameters
    Refused("parameter type", parameter(Type="Text"), "Unrecognized parameter type: Text", _PARAMETERS),
    Refused(
        "parameter property",
        parameter(Type="String", Pattern="x"),
        "Invalid template parameter property 'Pattern'",
        _PARAMETERS,
    ),
    Refused(
        "default not allowed",
        parameter(Type="String", Default="c", AllowedValues=["a"]),
        "must be one of AllowedValues",
        _PARAMETERS,
    ),
    Refused(
        "default against pattern",
        parameter(Type="String", Default="c", AllowedPattern="[ab]"),
        "must match pattern",
        _PARAMETERS,
    ),
    Refused(
        "no value", parameter(Type="String"), "Parameters: [P] must have values", _PARAMETERS, stage="create"
    ),
    Refused(
        "not declared",
        resources(T=TOPIC),
        "Parameters: [X] do not exist in the template",
        _PARAMETERS,
        stage="create",
        given={"Parameters": [{"ParameterKey": "X", "ParameterValue": "1"}]},
    ),
    *(
        Refused(
            name,
            parameter(**body),
            message,
            _PARAMETERS,
            stage="create",
            given={"Parameters": [{"ParameterKey": "P", "ParameterValue": value}]},
        )
        for name, body, value, message in (
            (
                "value not allowed",
                {"Type": "String", "AllowedValues": ["a"]},
                "b",
                "must be one of AllowedValues",
            ),
            (
                "value against pattern",
                {"Type": "String", "AllowedPattern": "[a-z]+"},
                "B1",
                "must match pattern [a-z]+",
            ),
            (
                "constraint description",
                {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters"},
                "B1",
                "failed to satisfy constraint: small letters",
            ),
            ("too short", {"Type": "String", "MinLength": 3}, "ab", "at least 3 characters"),
            ("too long", {"Type": "String", "MaxLength": 3}, "abcd", "at most 3 characters"),
            ("not a number", {"Type": "Number"}, "x", "must be a number"),
            ("too small", {"Type": "Number", "MinValue": 5}, "4", "not less than 5"),
            ("too large", {"Type": "Number", "MaxValue": 5}, "6", "not greater than 5"),
            ("no such vpc", {"Type": "AWS::EC2::VPC::Id"}, "vpc-12345678", "does not exist"),
            ("no such subnet", {"Type": "List<AWS::EC2::Subnet::Id>"}, "subnet-12345678", "does not exist"),
            ("no such ssm parameter", {"Type": SSM_P}, "/no/such", "Unable to fetch parameters [/no/such]"),
        )
    ),
    Refused(
        "rule",
        {
            "Parameters": {"P": {"Type": "String", "Default": "a"}},
            "Rules": {
                "R": {
                    "RuleCondition": {"Fn::Equals": [ref("AWS::Region"), "us-east-1"]},
                    "Assertions": [
                        {"Assert": {"Fn::Contains": [["b"], ref("P")]}, "AssertDescription": "P must be b"}
                    ],
                }
            },
            **resources(T=TOPIC),
        },
        "P must be b",
        _RULES,
        stage="create",
    ),
    # sizes of policies
    Refused(
        "inline policies of a role",
        resources(
            R={
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": TRUST,
                    "Policies": [{"PolicyName": name, "PolicyDocument": objects(60)} for name in ("a", "b")],
                },
            }
        ),
        "Maximum policy size of 10240 bytes exceeded for role",
        _SIZES,
        stage="resource",
    ),
    Refused(
        "managed policy",
        resources(P={"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": objects(70)}}),
        "Cannot exceed quota for PolicySize: 6144",
        _SIZES,
        stage="resource",
    ),
    # capabilities and names
    Refused(
        "no capability",
        resources(R=ROLE),
        "Requires capabilities : [CAPABILITY_IAM]",
        _API,
        stage="create",
        given={"Capabilities": []},
    ),
    Refused(
        "named capability",
        resources(
            R={"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}}
        ),
        "Requires capabilities : [CAPABILITY_NAMED_IAM]",
        _API,
        stage="create",
        given={"Capabilities": ["CAPABILITY_IAM"]},
    ),
    Refused(
        "stack name",
        resources(T=TOPIC),
        "[a-zA-Z][-a-zA-Z0-9]*",
        _API,
        stage="create",
        given={"StackName": "a_b"},
    ),
    Refused(
        "aws tag",
        resources(T=TOPIC),
        "aws:",
        _API,
        stage="create",
        given={"Tags": [{"Key": "aws:x", "Value": "y"}]},
    ),
    # properties
    Refused(
        "unknown property",
        resources(T=topic(Nome="x")),
        "extraneous key [Nome] is not permitted",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "read-only property",
        resources(T=topic(TopicArn="x")),
        "extraneous key [TopicArn]",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "required property",
        resources(S={"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "email"}}),
        "required key [TopicArn] not found",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "wrong type",
        resources(T=topic(DisplayName=["x"])),
        "expected type: String",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "not in the enumeration",
        resources(B={"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "On"}}}),
        "On is not a valid enum value",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "nested unknown property",
        resources(
            B={"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"State": "Enabled"}}}
        ),
        "extraneous key [State]",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "code build without source",
        resources(
            R=ROLE,
            P={
                "Type": "AWS::CodeBuild::Project",
                "Properties": {"ServiceRole": att("R", "Arn"), "Artifacts": {"Type": "NO_ARTIFACTS"}},
            },
        ),
        "required key [Source] not found",
        _SCHEMA,
        stage="resource",
    ),
    Refused(
        "role nobody may assume",
        resources(
            R={
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        **TRUST,
                        "Statement": [
                            {**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}
                        ],
                    }
                },  # type: ignore[index, dict-item]
            },
            F={
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Role": att("R", "Arn"),
                    "Runtime": "python3.12",
                    "Handler": "index.handler",
                    "Code": {"ZipFile": "def handler(e, c): pass"},
                },
            },
        ),
        "cannot be assumed by Lambda",
        "Lambda API Reference: CreateFunction",
        stage="resource",
    ),
    Refused(
        "wait condition beyond 12 hours",
        resources(
            H={"Type": "AWS::CloudFormation::WaitConditionHandle"},
            W={
                "Type": "AWS::CloudFormation::WaitCondition",
                "Properties": {"Handle": ref("H"), "Timeout": "43201"},
            },
        ),
        "#/Timeout",
        "CloudFormation Template Reference: AWS::CloudFormation::WaitCondition",
        stage="resource",
    ),
    Refused(
        "custom resource without a function",
        resources(
            C={
                "Type": "Custom::X",
                "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:none"},
            }
        ),
        "could not be found",
        "CloudFormation User Guide: Custom resources",
        stage="resource",
    ),
    Refused(
        "ssm-secure where it is not supported",
        resources(T=topic(DisplayName="{{resolve:ssm-secure:/x:1}}")),
        "SSM Secure reference is not supported in: [AWS::SNS::Topic]",
        "CloudFormation User Guide: Dynamic references",
        stage="resource",
    ),
    Refused(
        "secret that is not there",
        resources(T=topic(DisplayName="{{resolve:secretsmanager:none:SecretString:key}}")),
        "Secrets Manager can't find the specified secret",
        "CloudFormation User Guide: Dynamic references",
        stage="resource",
    ),
    Refused(
        "output that is a list",
        {**resources(T=TOPIC), "Outputs": {"O": {"Value": {"Fn::GetAZs": ""}}}},
        "must evaluate to a String",
        _ANATOMY,
        stage="resource",
    ),
    Refused(
        "endpoint config of no model",
        resources(
            C={
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": "A",
                            "ModelName": "none",
                            "InstanceType": "ml.g6.xlarge",
                            "InitialInstanceCount": 1,
                            "InitialVariantWeight": 1,
                        }
                    ]
                },
            }
        ),
        "Could not find model",
        "SageMaker API Reference: CreateEndpointConfig",
        stage="resource",
    ),
    Refused(
        "scalable target of no endpoint",
        resources(
            S={
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {
                    "MinCapacity": 1,
                    "MaxCapacity": 2,
                    "ResourceId": "endpoint/none/variant/A",
                    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                    "ServiceNamespace": "sagemaker",
                },
            }
        ),
        "SageMaker endpoint not found",
        "Application Auto Scaling API Reference: RegisterScalableTarget",
        stage="resource",
    ),
]
