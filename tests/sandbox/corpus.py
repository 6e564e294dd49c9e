"""Templates in the shapes that public collections have, in our own words: each deploys, or is refused for a reason.

The shapes: static sites, queues behind topics, alarms on queues, roles with boundaries, networks, event rules,
custom resources, wait conditions, nested stacks, SAM applications, loops and conditions of every kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One template; ``refused`` is a part of what it is refused with, and ``reason`` why that is right."""

    name: str
    template: str
    outputs: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    reason: str = ""


TRUST = """
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: !Sub "lambda.${AWS::URLSuffix}"}, Action: sts:AssumeRole}
"""
LOGS = """
      Policies:
        - PolicyName: logs
          PolicyDocument:
            Statement: {Effect: Allow, Action: ["logs:*"], Resource: "*"}
"""

CASES = [
    Case(
        "static site",
        """
Resources:
  Site:
    Type: AWS::S3::Bucket
    Properties:
      WebsiteConfiguration: {IndexDocument: index.html, ErrorDocument: error.html}
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: false}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Site
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: "*", Action: s3:GetObject, Resource: !Sub "${Site.Arn}/*"}
Outputs:
  Url: {Value: !GetAtt Site.WebsiteURL}
""",
    ),
    Case(
        "secure bucket with a log bucket and lifecycle",
        """
Parameters:
  Days: {Type: Number, Default: 30, MinValue: 1}
Conditions:
  Long: !Not [!Equals [!Ref Days, 30]]
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Properties:
      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerPreferred}]}
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !GetAtt Key.Arn}
            BucketKeyEnabled: true
      VersioningConfiguration: {Status: Enabled}
      LoggingConfiguration: {DestinationBucketName: !Ref Logs, LogFilePrefix: access/}
      LifecycleConfiguration:
        Rules:
          - {Id: old, Status: Enabled, NoncurrentVersionExpirationInDays: !If [Long, !Ref Days, 7]}
  Key:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: true
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
            Action: kms:*
            Resource: "*"
  Alias:
    Type: AWS::KMS::Alias
    Properties: {AliasName: !Sub "alias/${AWS::StackName}", TargetKeyId: !Ref Key}
""",
        parameters={"Days": "60"},
    ),
    Case(
        "fan-out from a topic to queues with a dead-letter queue",
        """
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Subscription:
        - {Protocol: sqs, Endpoint: !GetAtt Work.Arn}
  Dead: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  May:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Work]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Work.Arn
            Condition: {ArnEquals: {"aws:SourceArn": !Ref Topic}}
  Backlog:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Dead.QueueName}]
      Statistic: Sum
      Period: 300
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Topic]
""",
    ),
    Case(
        "network with public and private subnets",
        """
Mappings:
  Net: {Vpc: {Cidr: 10.20.0.0/16}}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: !FindInMap [Net, Vpc, Cidr], EnableDnsHostnames: true}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attached:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}
  Public:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [0, !GetAZs ""]
  Private:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [1, !GetAZs {Ref: "AWS::Region"}]
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Out:
    Type: AWS::EC2::Route
    DependsOn: Attached
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  Joined:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Public, RouteTableId: !Ref Table}
  Address: {Type: AWS::EC2::EIP, DependsOn: Attached, Properties: {Domain: vpc}}
  Nat:
    Type: AWS::EC2::NatGateway
    Properties: {AllocationId: !GetAtt Address.AllocationId, SubnetId: !Ref Public}
Outputs:
  Second: {Value: !GetAtt Private.AvailabilityZone}
""",
        outputs={"Second": "us-east-1b"},
    ),
    Case(
        "security groups that refer to each other",
        """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.30.0.0/16}}
  One: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: one, VpcId: !Ref Vpc}}
  Two:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: two
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: !GetAtt One.GroupId}
  Back:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !GetAtt One.GroupId
      IpProtocol: tcp
      FromPort: 443
      ToPort: 443
      SourceSecurityGroupId: !GetAtt Two.GroupId
  S3:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      VpcEndpointType: Gateway
""",
    ),
    Case(
        "function on a schedule",
        f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
{TRUST}{LOGS}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          def handler(event, context):
              return event
  Every:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(5 minutes)
      Targets: [{{Id: fn, Arn: !GetAtt Fn.Arn}}]
  May:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Fn
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Every.Arn
  Log:
    Type: AWS::Logs::LogGroup
    Properties: {{LogGroupName: !Sub "/aws/lambda/${{Fn}}", RetentionInDays: 7}}
""",
    ),
    Case(
        "custom resource with data",
        f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
{TRUST}{LOGS}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: 30
      Code:
        ZipFile: |
          import cfnresponse
          def handler(event, context):
              words = event["ResourceProperties"].get("Words", [])
              cfnresponse.send(event, context, cfnresponse.SUCCESS, {{"Count": str(len(words))}}, "id")
  Counted:
    Type: Custom::Counter
    Version: "1.0"
    Properties: {{ServiceToken: !GetAtt Fn.Arn, Words: [a, b, c]}}
Outputs:
  Count: {{Value: !GetAtt Counted.Count}}
""",
        outputs={"Count": "3"},
    ),
    Case(
        "custom resource whose provider says no",
        f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
{TRUST}{LOGS}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          import cfnresponse
          def handler(event, context):
              good = event["RequestType"] == "Delete"
              cfnresponse.send(event, context, "SUCCESS" if good else "FAILED", {{}}, "id", reason="not today")
  Refused: {{Type: Custom::Never, Properties: {{ServiceToken: !GetAtt Fn.Arn}}}}
""",
        refused="not today",
        reason="Custom resources: a FAILED answer fails the resource with its reason",
    ),
    Case(
        "for each with outputs in two loops",
        """
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "Alpha,Beta"}
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties: {DisplayName: !Sub "about ${Name}"}
Outputs:
  Fn::ForEach::Told:
    - Name
    - !Ref Names
    - Fn::ForEach::Attribute:
        - Attribute
        - [TopicName, TopicArn]
        - ${Name}${Attribute}:
            Value: !GetAtt [!Sub "Topic${Name}", !Ref Attribute]
  Count: {Value: {Fn::Length: !Ref Names}}
""",
        outputs={"Count": "2"},
    ),
    Case(
        "for each over a mapping chosen by a parameter",
        """
Transform: AWS::LanguageExtensions
Parameters:
  Stage: {Type: String, Default: test, AllowedValues: [test, live]}
Mappings:
  Queues:
    test: {Names: [A]}
    live: {Names: [A, B, C]}
Resources:
  Fn::ForEach::All:
    - Name
    - !FindInMap [Queues, !Ref Stage, Names]
    - Queue${Name}: {Type: AWS::SQS::Queue}
Outputs:
  Json: {Value: {Fn::ToJsonString: {stage: !Ref Stage}}}
""",
        parameters={"Stage": "live"},
        outputs={"Json": '{"stage":"live"}'},
    ),
    Case(
        "conditions in conditions",
        """
Parameters:
  Stage: {Type: String, Default: live}
  Email: {Type: String, Default: ""}
Conditions:
  Live: !Equals [!Ref Stage, live]
  Told: !Not [!Equals [!Ref Email, ""]]
  Both: !And [!Condition Live, !Condition Told]
  Either: !Or [!Condition Both, !And [!Condition Live, !Not [!Condition Told]]]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: Either
    Properties:
      DisplayName: !If [Both, both, !If [Live, live, !Ref "AWS::NoValue"]]
      Subscription: !If [Told, [{Protocol: email, Endpoint: !Ref Email}], !Ref "AWS::NoValue"]
  Never: {Type: AWS::SNS::Topic, Condition: Told}
  Always: {Type: AWS::SQS::Queue}
Outputs:
  Word: {Value: !If [Either, !GetAtt Topic.TopicName, none]}
  Never: {Condition: Told, Value: !Ref Never}
""",
    ),
    Case(
        "secret and parameters by dynamic reference",
        """
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString:
        SecretStringTemplate: '{"user": "me"}'
        GenerateStringKey: password
        PasswordLength: 20
        ExcludeCharacters: '"@/\\'
  Plain: {Type: AWS::SSM::Parameter, Properties: {Name: !Sub "/${AWS::StackName}/plain", Type: String, Value: x}}
  User:
    Type: AWS::SSM::Parameter
    DependsOn: Plain
    Properties:
      Type: String
      Value: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:user}}"
Outputs:
  User: {Value: !GetAtt User.Value}
""",
    ),
    Case(
        "secure string where none is taken",
        """
Resources:
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: hush}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: "{{resolve:ssm-secure:/none:1}}"}}
""",
        refused="SSM Secure reference is not supported in",
        reason="Dynamic references: ssm-secure is supported for few properties, a queue's name is none",
    ),
    Case(
        "role with a boundary and a managed policy",
        """
Resources:
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      Path: /made/
      PermissionsBoundary: !Ref Boundary
      ManagedPolicyArns: [!Sub "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"]
      AssumeRolePolicyDocument:
        Version: "2008-10-17"
        Statement: [{Effect: Allow, Principal: {Service: [ec2.amazonaws.com]}, Action: ["sts:AssumeRole"]}]
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Path: /made/, Roles: [!Ref Role]}}
  More:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: more
      Roles: [!Ref Role]
      PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
""",
    ),
    Case(
        "wait condition that nobody signals",
        """
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Wait: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref Handle, Timeout: "1", Count: 2}}
""",
        refused="WaitCondition timed out. Received 0 conditions when expecting 2",
        reason="WaitCondition: the time limit",
    ),
    Case(
        "build project with a policy of its own",
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: sts:AssumeRole}]
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt Role.Arn
      Artifacts: {Type: NO_ARTIFACTS}
      Environment:
        Type: LINUX_CONTAINER
        ComputeType: BUILD_GENERAL1_SMALL
        Image: aws/codebuild/standard:7.0
        EnvironmentVariables: [{Name: STAGE, Value: !Ref "AWS::StackName"}]
      Source:
        Type: NO_SOURCE
        BuildSpec: !Sub |
          version: 0.2
          phases:
            build: {commands: ["echo ${AWS::Region} $STAGE"]}
      TimeoutInMinutes: 10
""",
    ),
    Case(
        "state machine with a definition string",
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: !Sub "states.${AWS::Region}.amazonaws.com"}
            Action: sts:AssumeRole
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionString:
        !Sub
        - '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Word}", "End": true}}}'
        - {Word: !Join ["-", [a, !Select ["1", [x, y]]]]}
""",
    ),
    Case(
        "state machine that leads nowhere",
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      Definition: {StartAt: A, States: {A: {Type: Pass, Next: B}}}
""",
        refused="InvalidDefinition",
        reason="CreateStateMachine: Next names no state",
    ),
    Case(
        "SAM function with an HTTP API",
        """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, Handler: index.handler, Timeout: 10}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200}
      Events:
        Get: {Type: HttpApi, Properties: {Path: /hello, Method: get}}
Outputs:
  Role: {Value: !GetAtt HelloRole.Arn}
  Api: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"}
""",
    ),
    Case(
        "SAM function behind a queue's policy templates, a rule and a topic",
        """
Transform: [AWS::Serverless-2016-10-31]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      AutoPublishAlias: live
      InlineCode: "def handler(event, context): return 1"
      Policies:
        - SNSPublishMessagePolicy: {TopicName: !GetAtt Topic.TopicName}
        - Statement: [{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: "*"}]
      Events:
        Daily: {Type: Schedule, Properties: {Schedule: "cron(0 6 * * ? *)"}}
        Told: {Type: SNS, Properties: {Topic: !Ref Topic}}
Outputs:
  Alias: {Value: !Ref Hello.Alias}
""",
    ),
    Case(
        "SAM function without code",
        """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: index.handler, CodeUri: src/}}
""",
        refused="is not a valid S3 Uri",
        reason="CodeUri of a folder must be packaged first",
    ),
    Case(
        "macro",
        """
Transform: MyMacro
Resources:
  Topic: {Type: AWS::SNS::Topic}
""",
        refused="No transform named MyMacro found",
        reason="a macro has to be made in the account",
    ),
    Case(
        "export of another stack",
        """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !ImportValue nobody-exports-this}}
""",
        refused="No export named nobody-exports-this found",
        reason="Fn::ImportValue",
    ),
    Case(
        "rules over parameters",
        """
Parameters:
  Stage: {Type: String, Default: live}
  Count: {Type: Number, Default: 1}
Rules:
  LiveHasTwo:
    RuleCondition: !Equals [!Ref Stage, live]
    Assertions:
      - Assert: !Contains [["2", "3"], !Ref Count]
        AssertDescription: a live stage needs two or three
Resources:
  Topic: {Type: AWS::SNS::Topic}
""",
        refused="a live stage needs two or three",
        reason="Rules",
    ),
    Case(
        "parameters of AWS's own types",
        """
Parameters:
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /nobody/made/this}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image}}
""",
        refused="/nobody/made/this",
        reason="an SSM parameter must exist",
    ),
    Case(
        "text functions",
        """
Parameters:
  Hosts: {Type: CommaDelimitedList, Default: "a,b"}
Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value:
        Fn::Join:
          - "|"
          - - !Join [";", !Ref Hosts]
            - !Select [1, !Split ["/", "x/y/z"]]
            - !Base64 hi
            - !Sub ["${One}-${!Literal}-${AWS::Partition}", {One: !Select [0, !Ref Hosts]}]
Outputs:
  Text: {Value: !GetAtt P.Value}
""",
        outputs={"Text": "a;b|y|aGk=|a-${Literal}-aws"},
    ),
    Case(
        "budget, schedule and dashboard",
        """
Resources:
  Budget:
    Type: AWS::Budgets::Budget
    Properties:
      Budget: {BudgetType: COST, TimeUnit: MONTHLY, BudgetLimit: {Amount: 100, Unit: USD}}
      NotificationsWithSubscribers:
        - Notification: {NotificationType: ACTUAL, ComparisonOperator: GREATER_THAN, Threshold: 80}
          Subscribers: [{SubscriptionType: EMAIL, Address: a@example.com}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: scheduler.amazonaws.com}, Action: sts:AssumeRole}]
  Group: {Type: AWS::Scheduler::ScheduleGroup}
  Queue: {Type: AWS::SQS::Queue}
  Schedule:
    Type: AWS::Scheduler::Schedule
    Properties:
      GroupName: !Ref Group
      ScheduleExpression: cron(0 20 ? * MON-FRI *)
      FlexibleTimeWindow: {Mode: "OFF"}
      Target: {Arn: !GetAtt Queue.Arn, RoleArn: !GetAtt Role.Arn, Input: stop}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub '{"widgets": [{"type": "text", "properties": {"markdown": "${AWS::StackName}"}}]}'
""",
    ),
    Case(
        "circle",
        """
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}
  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt A.TopicName}}
""",
        refused="Circular dependency",
        reason="resources must not need each other",
    ),
    Case(
        "type the sandbox cannot make",
        """
Resources:
  Box: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, InstanceType: t3.micro}}
""",
        refused="Resource types the cfgen sandbox cannot make: [AWS::EC2::Instance]",
        reason="no adapter: named, never ignored",
    ),
    Case(
        "property the sandbox would have to ignore",
        """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {AccelerateConfiguration: {AccelerationStatus: Enabled}}
""",
        refused="does not imitate AWS::S3::Bucket with AccelerateConfiguration",
        reason="no way to keep it: named, never ignored",
    ),
]
