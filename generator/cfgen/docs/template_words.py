"""What the templates page says that no template does: when a part is there, and which spec key sets a default."""

from __future__ import annotations

WHEN = {
    "model": "always",
    "endpoint": "always",
    "image": "`model.type` is `container`, `custom-inference` or `jumpstart`",
    "packages": "`model.type` is `model-package`",
    "token": "`model.tokenSecret` is given",
    "data": "`model.modelData` is given",
    "jumpstart": "`model.type` is `jumpstart`, with a licence or an environment that follows the instance type",
    "role": "always",
    "build": "`model.staging` is `s3`, or `model.type` is `custom-inference`",
    "async": "`async` is given",
    "components": "`components` is given",
    "scaling": "`scaling` is given",
    "schedule": "`schedule` is given",
    "deployment": "`deployment` is given",
    "data-capture": "`dataCapture` is given",
    "alarms": "`alarms` is given",
    "dashboard": "`dashboard` is given",
    "budget": "`budget` is given",
    "security": "always",
    "api": "`api` is given",
    "emptying": "the template makes a bucket that is to go with the stack",
    "smoke-test": "`smokeTest.enabled` is true and the request is known",
    "existing-vpc": "`vpc.mode` is `existing`",
    "created-vpc": "`vpc.mode` is `create`",
    "interfaces": "the template makes the security group (`create`, or `existing` without `securityGroupIds`)",
    "logs": "always",
}

FIELDS = {
    "InstanceType": "endpoint.instanceType",
    "InstanceCount": "endpoint.instanceCount",
    "EndpointName": "",
    "CapacityReservationArn": "endpoint.capacityReservation",
    "ServerlessMemorySize": "serverless.memorySizeInMB",
    "ServerlessMaxConcurrency": "serverless.maxConcurrency",
    "ServerlessProvisionedConcurrency": "serverless.provisionedConcurrency",
    "MinimumInstanceCount": "endpoint.managedInstanceScaling.min",
    "MaximumInstanceCount": "endpoint.managedInstanceScaling.max",
    "…Copies": "components[].copies",
    "…MinimumCopies": "components[].scaling",
    "…MaximumCopies": "components[].scaling",
    "…ScalingTarget": "components[].scaling",
    "…AdapterUri": "components[].adapter",
    "…Weight": "variants[].weight",
    "…InstanceType": "variants[].instanceType",
    "…InstanceCount": "variants[].instanceCount",
    "StartupHealthCheckTimeout": "endpoint.startupHealthCheckTimeout",
    "KmsKeyArn": "security.kmsKey",
    "VolumeKmsKeyArn": "security.volumeKmsKey",
    "LogKmsKeyArn": "security.logKmsKey",
    "InvokeVpcEndpoints": "security.invokePolicy.vpcEndpoints",
    "AccessLogBucket": "security.accessLogBucket",
    "ArtifactKmsKeyArn": "security.artifactKmsKey",
    "AssetBucket": "",
    "AssetPrefix": "",
    "ModelDataBucket": "model.modelData",
    "ModelDataKey": "model.modelData",
    "TokenSecret": "model.tokenSecret",
    "AcceptEula": "model.acceptEula",
    "ExecutionRoleArn": "security.executionRoleArn",
    "PermissionsBoundaryArn": "security.permissionsBoundary",
    "VpcId": "vpc.vpcId",
    "SubnetIds": "vpc.subnetIds",
    "SecurityGroupIds": "vpc.securityGroupIds",
    "VpcCidr": "vpc.cidr",
    "AsyncBucketName": "async.bucket",
    "AsyncInputBucketName": "async.inputBucket",
    "AsyncSuccessTopicArn": "async.successTopic",
    "AsyncErrorTopicArn": "async.errorTopic",
    "AsyncMaxConcurrency": "async.maxConcurrentInvocationsPerInstance",
    "AsyncKmsKeyArn": "async.kmsKey",
    "CaptureEnabled": "",
    "CaptureSampling": "dataCapture.sampling",
    "CaptureBucketName": "dataCapture.bucket",
    "CaptureKmsKeyArn": "dataCapture.kmsKey",
    "AlarmTopicArn": "alarms.topic",
    "AlarmEmail": "alarms.email",
    "AlarmKmsKeyArn": "alarms.kmsKey",
    "AlarmErrorRate": "alarms.errorRate",
    "AlarmClientErrorRate": "alarms.clientErrorRate",
    "AlarmLatency": "alarms.latency",
    "AlarmMemory": "alarms.memory",
    "AlarmDisk": "alarms.disk",
    "AlarmCpu": "alarms.cpu",
    "AlarmGpu": "alarms.gpu",
    "AlarmGpuMemory": "alarms.gpuMemory",
    "AlarmBacklog": "alarms.backlog",
    "AlarmNoCapacityMinutes": "alarms.noCapacity",
    "BudgetMonthlyLimit": "budget.monthlyLimit",
    "BudgetEmail": "budget.email",
    "ApiThrottlingRate": "api.throttling.rate",
    "ApiThrottlingBurst": "api.throttling.burst",
    "ApiJwtIssuer": "api.auth.issuer",
    "ApiJwtAudience": "api.auth.audience",
    "ApiKeySecret": "api.auth.secret",
    "ApiLogRetentionDays": "api.accessLogs.retentionDays",
    "ScalingEnabled": "",
    "ScalingMinimum": "scaling.min",
    "ScalingMaximum": "scaling.max",
    "ScalingTarget": "scaling.target",
    "ScaleInCooldown": "scaling.scaleInCooldown",
    "ScaleOutCooldown": "scaling.scaleOutCooldown",
    "EndpointEnabled": "",
    "ScheduleEnabled": "",
    "ScheduleUsesServiceRole": "",
    "ScheduleTimeZone": "schedule.timeZone",
    "OpensAt": "schedule.from",
    "ClosesAt": "schedule.to",
    "LogRetentionDays": "logs.retentionDays",
}

ALLOWED = {
    "InstanceType": "one of `endpoint.allowedInstanceTypes`, or of the like types that cfgen picks",
    "VpcCidr": "an IPv4 network as long as the one in the spec",
}

RULES = {
    "RegionIsSupported": "a region without the image version, the model package, or a resource type of the template",
    "InstanceTypeIsHosted": "an instance type in a region that does not host it",
    "…InstanceTypeIsHosted": "a variant's instance type in a region that does not host it",
    "EulaIsAccepted": "a licence that the launcher did not accept",
    "SubnetsAreInVpc": "a subnet outside the chosen network",
}

MAPPINGS = {
    "image": "A mapping: the registry account in each region that has this version of the image.",
    "packages": "A mapping: the model package's ARN in each region.",
}

VARIANTS = (
    # the token in the container's environment
    """
name: variant-token
model:
  type: container
  modelId: meta-llama/Llama-3.1-8B-Instruct
  revision: 0e9e39f249a16976918f6564b8830bc894c89659
  container: vllm
  tokenSecret: huggingface-token
  allowTokenInEnvironment: true
endpoint: {instanceType: ml.g6.2xlarge}
""",
    # files in S3, and security groups of one's own
    """
name: variant-data
model: {type: container, container: vllm, modelData: s3://my-models/mistral/}
endpoint: {instanceType: ml.g6.2xlarge}
vpc: {mode: existing, securityGroupIds: [sg-0123456789abcdef0]}
""",
    # a network of its own with a way to the hub, and every interface endpoint
    """
name: variant-network
model: {type: container, modelId: BAAI/bge-small-en-v1.5, container: tei}
endpoint: {instanceType: ml.c6i.2xlarge}
vpc: {mode: create, availabilityZones: 3}
""",
    # a code folder too large to embed
    """
name: variant-asset
model:
  type: custom-inference
  modelId: sentence-transformers/all-MiniLM-L6-v2
  codeFolder: code
endpoint: {instanceType: ml.g4dn.xlarge}
smokeTest: {enabled: false}
""",
    # instances from a reservation
    """
name: variant-reservation
model: {type: container, modelId: mistralai/Mistral-7B-Instruct-v0.3, container: vllm}
alarms: {gpuMemory: 99}
endpoint:
  instanceType: ml.p5.48xlarge
  capacityReservation: arn:aws:sagemaker:us-east-1:111122223333:training-plan/inference
""",
    # answers into a bucket and topics of one's own
    """
name: variant-async
model: {type: container, modelId: BAAI/bge-small-en-v1.5, container: tei}
endpoint: {instanceType: ml.c6i.2xlarge}
alarms: {clientErrorRate: 0.5, cpu: 90}
scaling: {min: 0, max: 2}
async:
  bucket: my-answers
  inputBucket: my-requests
  successTopic: arn:aws:sns:us-east-1:111122223333:answers
  errorTopic: arn:aws:sns:us-east-1:111122223333:failures
""",
    # callers of an identity provider, callers with keys of one's own
    """
name: variant-jwt
model: {type: container, modelId: BAAI/bge-small-en-v1.5, container: tei}
endpoint: {instanceType: ml.c6i.2xlarge}
api: {auth: {type: jwt, issuer: https://id.example.com/, audience: [search]}}
""",
    """
name: variant-keys
model: {type: container, modelId: BAAI/bge-small-en-v1.5, container: tei}
endpoint: {instanceType: ml.c6i.2xlarge}
api: {auth: {type: api-key, secret: search/keys}}
""",
    # callers through interface endpoints of theirs, captures in a bucket of one's own
    """
name: variant-callers
model: {type: container, modelId: BAAI/bge-small-en-v1.5, container: tei}
endpoint: {instanceType: ml.c6i.2xlarge}
security: {invokePolicy: {vpcEndpoints: [vpce-0123456789abcdef0]}}
dataCapture: {bucket: my-captures}
""",
)
"""Specs that reach what the examples do not."""
