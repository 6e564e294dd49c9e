"""Mistakes in scaling, rights, networks, portability and builds."""

from __future__ import annotations

from typing import Any

from tests.lint.kit import (
    ASYNC,
    BUILD,
    COMPONENT,
    CUSTOM,
    DROP,
    SCALED,
    SERVERLESS,
    SPEC,
    TARGET,
    TRACKING,
    VPC,
    Case,
    another,
    att,
    both,
    config,
    container,
    image,
    model,
    props,
    ref,
    resource,
    sub,
)

PACKED = "import base64\nexec(base64.b64decode('cGFzcw=='))\n"
STEP = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
}
ROUTED = both(
    VPC,
    resource(
        "Routes",
        "AWS::EC2::SubnetRouteTableAssociation",
        SubnetId=ref("SubnetA"),
        RouteTableId=ref("RouteTable"),
    ),
)


def objects(count: int) -> dict[str, Any]:
    """A policy that names so many objects, each with some ninety characters."""
    names = [sub(f"arn:${{AWS::Partition}}:s3:::models-{number:070d}/*") for number in range(count)]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": names}
    return {"Version": "2012-10-17", "Statement": [statement]}


def schedule(expression: str, *named: str, zone: str = "Europe/Berlin") -> dict[str, Any]:
    """A schedule that updates the stack, naming these parameters."""
    given = ", ".join(f'{{"ParameterKey": "{name}", "UsePreviousValue": true}}' for name in named)
    text = f'{{"StackName": "${{AWS::StackId}}", "UsePreviousTemplate": true, "Parameters": [{given}]}}'
    return resource(
        "Clock",
        "AWS::Scheduler::Schedule",
        FlexibleTimeWindow={"Mode": "OFF"},
        ScheduleExpression=expression,
        ScheduleExpressionTimezone=zone,
        Target={
            "Arn": sub("arn:${AWS::Partition}:scheduler:::aws-sdk:cloudformation:updateStack"),
            "RoleArn": att("Role", "Arn"),
            "Input": sub(text),
        },
    )


def actions(expression: str) -> dict[str, Any]:
    """A scheduled action of a target that scales."""
    action = {
        "ScheduledActionName": "close",
        "Schedule": expression,
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1},
    }
    return both(SCALED, props("Target", ScheduledActions=[action]))


MORNING = "cron(0 8 ? * MON-FRI *)"


def machine(**state: Any) -> dict[str, Any]:
    """A state machine of one state."""
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **state}}}
    return resource(
        "Machine", "AWS::StepFunctions::StateMachine", RoleArn=ref("MachineRoleArn"), Definition=definition
    ) | {"Parameters": {"MachineRoleArn": {"Type": "String"}}}


def custom(metric: str, **dimensions: Any) -> dict[str, Any]:
    """A policy that tracks a metric of SageMaker's by name."""
    specification = {
        "MetricName": metric,
        "Namespace": "AWS/SageMaker",
        "Statistic": "Average",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    tracking = {"PredefinedMetricSpecification": DROP, "CustomizedMetricSpecification": specification}
    return props("Tracking", TargetTrackingScalingPolicyConfiguration=tracking)


def alarm(metric: str, **dimensions: Any) -> dict[str, Any]:
    return resource(
        "Alarm",
        "AWS::CloudWatch::Alarm",
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
    )


def instance(name: str) -> dict[str, object]:
    return {"Parameters": {"InstanceType": {"Default": name}}}


def policy(**statement: Any) -> dict[str, Any]:
    """A second policy on a role of another service."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]}
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    return resource(
        "Other",
        "AWS::IAM::Role",
        AssumeRolePolicyDocument=trust,
        Policies=[{"PolicyName": "p", "PolicyDocument": document}],
    )


NAME = att("Endpoint", "EndpointName")
BACKLOG = "ApproximateBacklogSizePerInstance"
BUCKET = sub("arn:${AWS::Partition}:s3:::b/*")
ZERO = both(SCALED, ASYNC, props("Target", MinCapacity=0))
WAKE = both(
    alarm("HasBacklogWithoutCapacity", EndpointName=NAME),
    resource(
        "Step",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        PolicyName="wake",
        PolicyType="StepScaling",
        ScalingTargetId=ref("Target"),
        StepScalingPolicyConfiguration=STEP,
    ),
)
TOLD = both(
    alarm("Invocation5XXErrors", EndpointName=NAME, VariantName="AllTraffic"),
    props("Alarm", AlarmActions=[ref("Topic")]),
)
PLAIN = image("mine:1")
MODELS = sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/mine:1")
BY_ID = both(
    SCALED,
    props(
        "Tracking",
        ScalingTargetId=DROP,
        ServiceNamespace="sagemaker",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ResourceId=sub("endpoint/${Endpoint.EndpointName}/variant/AllTraffic"),
    ),
)

CASES = [
    Case(
        "E9601",
        "ResourceId without the variant",
        both(SCALED, props("Target", ResourceId=sub("endpoint/${Endpoint.EndpointName}"))),
        SCALED,
    ),
    Case(
        "E9601",
        "ResourceId of a variant that is not there",
        both(SCALED, props("Target", ResourceId=sub("endpoint/${Endpoint.EndpointName}/variant/Blue"))),
        SCALED,
    ),
    Case(
        "E9602",
        "scalable target with minimum above maximum",
        both(SCALED, props("Target", MinCapacity=5)),
        SCALED,
    ),
    Case(
        "E9603",
        "real-time endpoint scaled to zero",
        both(SCALED, props("Target", MinCapacity=0)),
        both(ZERO, WAKE),
    ),
    Case(
        "E9604",
        "real-time endpoint scaled on the backlog",
        both(SCALED, custom(BACKLOG, EndpointName=NAME)),
        both(SCALED, ASYNC, custom(BACKLOG, EndpointName=NAME)),
    ),
    Case(
        "E9605",
        "metric with dimensions Endpoint and Variant",
        both(SCALED, custom("CPUUtilization", Endpoint=NAME, Variant="AllTraffic")),
        both(SCALED, custom("CPUUtilization", EndpointName=NAME, VariantName="AllTraffic")),
    ),
    Case(
        "E9605",
        "alarm without the variant's dimension",
        alarm("Invocation5XXErrors", EndpointName=NAME),
        alarm("Invocation5XXErrors", EndpointName=NAME, VariantName="AllTraffic"),
    ),
    Case(
        "E9620",
        "alarm on the use of instances, among requests",
        alarm("MemoryUtilization", EndpointName=NAME, VariantName="AllTraffic"),
        both(
            alarm("MemoryUtilization", EndpointName=NAME, VariantName="AllTraffic"),
            props("Alarm", Namespace="/aws/sagemaker/Endpoints"),
        ),
    ),
    Case(
        "E9620",
        "alarm on requests, among the use of instances",
        both(
            alarm("ModelLatency", EndpointName=NAME, VariantName="AllTraffic"),
            props("Alarm", Namespace="/aws/sagemaker/Endpoints"),
        ),
        alarm("ModelLatency", EndpointName=NAME, VariantName="AllTraffic"),
    ),
    Case(
        "E9620",
        "alarm on the invocations of an asynchronous endpoint",
        both(ASYNC, alarm("Invocations", EndpointName=NAME, VariantName="AllTraffic")),
        both(ASYNC, alarm("Invocation5XXErrors", EndpointName=NAME, VariantName="AllTraffic")),
    ),
    Case(
        "E9620",
        "alarm on the disk of a serverless endpoint",
        both(
            SERVERLESS,
            alarm("DiskUtilization", EndpointName=NAME, VariantName="AllTraffic"),
            props("Alarm", Namespace="/aws/sagemaker/Endpoints"),
        ),
        both(
            SERVERLESS,
            alarm("MemoryUtilization", EndpointName=NAME, VariantName="AllTraffic"),
            props("Alarm", Namespace="/aws/sagemaker/Endpoints"),
        ),
    ),
    Case(
        "E9621",
        "alarms to a topic under SNS's own key",
        both(TOLD, resource("Topic", "AWS::SNS::Topic", KmsMasterKeyId="alias/aws/sns")),
        both(TOLD, resource("Topic", "AWS::SNS::Topic", KmsMasterKeyId="alias/alarms")),
    ),
    Case(
        "E9606",
        "scaling of a burstable instance",
        both(SCALED, PLAIN, instance("ml.t2.medium")),
        both(SCALED, PLAIN, instance("ml.m5.large")),
    ),
    Case(
        "E9607",
        "component's metric for a variant",
        both(
            SCALED,
            props(
                "Tracking",
                TargetTrackingScalingPolicyConfiguration={
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerInferenceComponentInvocationsPerCopy"
                    }
                },
            ),
        ),
        SCALED,
    ),
    Case(
        "E9608",
        "step policy with target tracking",
        both(SCALED, props("Tracking", PolicyType="StepScaling")),
        both(
            SCALED,
            props(
                "Tracking",
                PolicyType="StepScaling",
                TargetTrackingScalingPolicyConfiguration=DROP,
                StepScalingPolicyConfiguration=STEP,
            ),
        ),
    ),
    Case(
        "E9609",
        "policy that does not wait for its target",
        BY_ID,
        both(BY_ID, {"Resources": {"Tracking": {"DependsOn": "Target"}}}),
    ),
    Case("E9610", "instances of a serverless variant scaled", both(SERVERLESS, TARGET), SERVERLESS),
    Case(
        "E9630",
        "five fields",
        schedule("cron(0 8 * * MON)", "InstanceType"),
        schedule(MORNING, "InstanceType"),
    ),
    Case("E9630", "both days open", actions("cron(0 8 ? * ? *)"), actions(MORNING)),
    Case(
        "E9630",
        "no such time zone",
        schedule(MORNING, "InstanceType", zone="Europe/Bonn"),
        schedule(MORNING, "InstanceType"),
    ),
    Case("E9631", "parameter forgotten", schedule(MORNING), schedule(MORNING, "InstanceType")),
    Case(
        "E9631",
        "parameter of another template",
        schedule(MORNING, "InstanceType", "Count"),
        schedule(MORNING, "InstanceType"),
    ),
    Case(
        "E9632",
        "endpoint deleted by the clock",
        both(
            schedule(MORNING, "InstanceType"),
            props(
                "Clock",
                Target={
                    "Arn": sub("arn:${AWS::Partition}:scheduler:::aws-sdk:sagemaker:deleteEndpoint"),
                    "Input": sub('{"EndpointName": "${Endpoint.EndpointName}"}'),
                },
            ),
        ),
        schedule(MORNING, "InstanceType"),
    ),
    Case("W9611", "scaled endpoint that resets its count", both(TARGET, TRACKING), SCALED),
    Case(
        "W9611",
        "scaled asynchronous endpoint that resets its count, and one that may be at zero",
        both(ASYNC, TARGET, TRACKING),
        both(ASYNC, TARGET, TRACKING, props("Target", MinCapacity=0), WAKE),
    ),
    Case("W9612", "managed scaling and a scalable target", both(COMPONENT, SCALED), COMPONENT),
    Case("W9613", "target at zero without a policy to wake it", ZERO, both(ZERO, WAKE)),
    Case(
        "W9701",
        "region written out",
        container(ModelDataSource={"S3DataSource": {"S3Uri": "s3://models-us-east-1/m/"}}),
        {},
    ),
    Case(
        "W9702",
        "registry account written out",
        container(Image=sub("763104351884.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/mine:1")),
        container(Image=MODELS),
    ),
    Case(
        "W9703",
        "partition written out",
        policy(Action="s3:GetObject", Resource="arn:aws:s3:::b/*"),
        policy(Action="s3:GetObject", Resource=BUCKET),
    ),
    Case(
        "W9704",
        "amazonaws.com written out",
        container(Image=sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/mine:1")),
        container(Image=MODELS),
    ),
    Case(
        "W9705",
        "AmazonSageMakerFullAccess",
        props(
            "Role", ManagedPolicyArns=[sub("arn:${AWS::Partition}:iam::aws:policy/AmazonSageMakerFullAccess")]
        ),
        {},
    ),
    Case(
        "W9707",
        "all actions of a service",
        policy(Action="s3:*", Resource=BUCKET),
        policy(Action="s3:GetObject", Resource=BUCKET),
    ),
    Case(
        "W9707",
        "any resource for an action that takes one",
        policy(Action="s3:GetObject", Resource="*"),
        policy(Action="ecr:GetAuthorizationToken", Resource="*"),
    ),
    Case(
        "I9708",
        "security group the interfaces may hold",
        both(VPC, {"Resources": {"Group": {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}}}),
        VPC,
    ),
    Case(
        "W9709",
        "role of a fixed name",
        props("Role", RoleName="model-role"),
        props("Role", RoleName=sub("${AWS::StackName}-role")),
    ),
    Case(
        "W9710",
        "model's security group open to the internet",
        both(
            VPC,
            props(
                "Group",
                SecurityGroupIngress=[
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}
                ],
            ),
        ),
        VPC,
    ),
    Case("W9711", "VPC without a way to S3", both(VPC, {"Resources": {"S3": DROP, "RouteTable": DROP}}), VPC),
    Case(
        "W9713",
        "misspelt region in a mapping",
        {"Mappings": {"Registry": {"us-esat-1": {"Account": "763104351884"}}}},
        {},
    ),
    Case(
        "E9714",
        "mapping without a row for a region",
        {"Mappings": {"Registry": {"eu-west-1": DROP}}},
        {"Mappings": {"Registry": {"sa-east-1": {"Account": "763104351884"}}}},
    ),
    Case("E9801", "custom resource of two hours", both(CUSTOM, props("Call", ServiceTimeout=7200)), CUSTOM),
    Case(
        "E9802",
        "custom resource that names its function by Ref",
        both(CUSTOM, props("Call", ServiceToken=ref("Function"))),
        CUSTOM,
    ),
    Case(
        "W9803",
        "function that never answers",
        both(CUSTOM, props("Function", Code={"ZipFile": "def handler(event, context):\n    return {}\n"})),
        CUSTOM,
    ),
    Case("W9803", "function stopped after 3 seconds", both(CUSTOM, props("Function", Timeout=DROP)), CUSTOM),
    Case(
        "E9804",
        "inline handler in a module that is not there",
        both(CUSTOM, props("Function", Handler="main.handler")),
        CUSTOM,
    ),
    Case(
        "E9804",
        "inline handler that is not defined",
        both(CUSTOM, props("Function", Handler="index.main")),
        both(CUSTOM, props("Function", Code={"ZipFile": PACKED})),
    ),
    Case(
        "E9805",
        "two wait conditions on one handle",
        both(
            BUILD,
            resource("Again", "AWS::CloudFormation::WaitCondition", Handle=ref("Handle"), Timeout="7200"),
        ),
        BUILD,
    ),
    Case("W9806", "wait shorter than the build", both(BUILD, props("Wait", Timeout="600")), BUILD),
    Case(
        "W9807",
        "token passed to a build as plain text",
        both(
            BUILD, props("Build", Environment={"EnvironmentVariables": [{"Name": "HF_TOKEN", "Value": "x"}]})
        ),
        both(
            BUILD,
            props(
                "Build",
                Environment={
                    "EnvironmentVariables": [{"Name": "HF_TOKEN", "Type": "SECRETS_MANAGER", "Value": "hf"}]
                },
            ),
        ),
    ),
    Case(
        "E9808",
        "build specification that is not YAML",
        both(BUILD, props("Build", Source={"BuildSpec": "version: 0.2\nphases:\n\t- x\n"})),
        both(BUILD, props("Build", Source={"BuildSpec": SPEC})),
    ),
    Case(
        "E9808",
        "build specification without phases",
        both(BUILD, props("Build", Source={"BuildSpec": "version: 0.2\nartifacts: {}\n"})),
        BUILD,
    ),
    Case(
        "E9602",
        "scheduled action with minimum above maximum",
        both(
            SCALED,
            props(
                "Target",
                ScheduledActions=[
                    {
                        "ScheduledActionName": "night",
                        "Schedule": "rate(1 day)",
                        "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 1},
                    }
                ],
            ),
        ),
        SCALED,
    ),
    Case(
        "W9711",
        "hub model in a VPC without NAT",
        both(VPC, container(ModelDataSource=DROP, Environment={"HF_MODEL_ID": "a/b"})),
        VPC,
    ),
    Case(
        "E9309",
        "shadow named like the production variant",
        config(ShadowProductionVariants=[another()]),
        config(ShadowProductionVariants=[another(VariantName="S")]),
    ),
    Case(
        "W9710",
        "model's group open over IPv6",
        both(VPC, model(), props("Group", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIpv6": "::/0"}])),
        VPC,
    ),
    Case(
        "E9715",
        "null in a state machine's definition",
        machine(ResultPath=None),
        machine(ResultPath="$.Result"),
    ),
    Case(
        "E9716",
        "inline policies larger than a role takes",
        props("Role", Policies=[{"PolicyName": name, "PolicyDocument": objects(60)} for name in ("a", "b")]),
        props("Role", Policies=[{"PolicyName": "a", "PolicyDocument": objects(60)}]),
    ),
    Case(
        "E9716",
        "a policy put on a role that is larger than that takes",
        props("Policy", PolicyDocument=objects(120)),
        {},
    ),
    Case(
        "E9716",
        "managed policy larger than IAM takes",
        resource("Callers", "AWS::IAM::ManagedPolicy", PolicyDocument=objects(70)),
        resource("Callers", "AWS::IAM::ManagedPolicy", PolicyDocument=objects(50)),
    ),
    Case(
        "W9717",
        "endpoint quicker than the routes of its subnets",
        ROUTED,
        both(ROUTED, {"Resources": {"Endpoint": {"DependsOn": ["S3", "Routes"]}}}),
    ),
]
