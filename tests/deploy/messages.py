"""What AWS says when launches fail, as people reported it in public issue threads, and which row should know it.

Each: cause id, message, thread. Names and account numbers are shortened; messages are quoted as they were reported.
"""

from __future__ import annotations

EVENTS = [
    (
        "no-principal",
        "Invalid input parameter(s) (Service: AWSServiceCatalog; Status Code: 400; Error Code: InvalidParametersException;"
        " Request ID: 9fd3749c; Proxy: null)",
        "awslabs/landing-zone-accelerator-on-aws#132",
    ),
    (
        "quota-instances",
        "The account-level service limit 'ml.m5.large for endpoint usage' is 0 Instances, with current"
        " utilization of 0 Instances and a request delta of 1 Instances. Please contact AWS support to"
        " request an increase for this limit. (Service: AmazonSageMaker; Status Code: 400; Error Code:"
        " ResourceLimitExceeded; Request ID: dee8f280; Proxy: null)",
        "aws-samples/sagemaker-custom-project-templates#51",
    ),
    (
        "quota-instances",
        "ResourceLimitExceeded: An error occurred (ResourceLimitExceeded) when calling the CreateEndpoint"
        " operation: The account-level service limit 'ml.m4.xlarge for endpoint usage' is 0 Instances",
        "aws/amazon-sagemaker-examples#307",
    ),
    (
        "health-check",
        "The primary container for production variant AllTraffic did not pass the ping health check. Please"
        " check CloudWatch logs for this endpoint.",
        "awslabs/llm-hosting-container#18",
    ),
    (
        "no-zero-instances",
        "Min instance count needs to be greater than 0 for enabled managed instance scaling",
        "stdapi-ai/stdapi.ai#43",
    ),
    (
        "capacity",
        "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML"
        " instance type.",
        "DIAGNijmegen/rse-grand-challenge#2631",
    ),
    (
        "capacity",
        "EC2InsufficientCapacityError: Instance type 'ml.g5.48xlarge' is temporarily unavailable in"
        " supported availability zones [euw1-az1]. Try again in a few minutes, or try a different instance"
        " type.",
        "aws/amazon-sagemaker-feedback#99",
    ),
    (
        "capacity",
        "We currently do not have sufficient im4gn.xlarge capacity in the Availability Zone you requested"
        " (us-east-1c).",
        "scylladb/scylla-cluster-tests#5119",
    ),
    (
        "model-data",
        "Could not access model data at s3://bucket/output/model/. Please ensure that the role"
        ' "arn:aws:iam::1:role/r" exists and that its trust relationship policy allows the action'
        ' "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role'
        ' has "s3:GetObject" permissions and that the object is located in eu-west-1.',
        "philschmid/llm-sagemaker-sample#2",
    ),
    (
        "model-data",
        'Failed to download model data for container "container_1" from URL:'
        ' "s3://cloud-bucket-test/output/model.tar.gz". Please ensure that there is an object located at the'
        " URL and that the role passed to CreateModel has permissions to download the object.",
        "aws-solutions-library-samples/fraud-detection-using-machine-learning#9",
    ),
    (
        "model-data",
        "Could not find model data at"
        " s3://jumpstart-cache-prod-us-east-1/huggingface-asr/artifacts/inference-prepack/v1.0.1/. (Service:"
        " AmazonSageMaker; Status Code: 400; Error Code: ValidationException)",
        "awslabs/generative-ai-cdk-constructs#179",
    ),
    (
        "no-route",
        'Failed to download model data from URL "s3://jumpstart-cache-prod-us-east-1/v2.0.0/". Please ensure'
        " that an S3 VPC endpoint exists in route table or NAT gateway for the VPC mode and the URL is"
        " reachable from within the subnets provided.",
        "aws-solutions-library-samples/guidance-for-text-generation-using-embeddings-from-enterprise-data-on-aws"
        "#"
        "3",
    ),
    (
        "model-data-archive",
        "Failed to extract model data archive for container",
        "mantiumai/aws-sagemaker-gptj-deepspeed-blog#5",
    ),
    (
        "eula",
        "ValueError: Need to define 'accept_eula'='true' within Environment. Model"
        " 'huggingface-llm-gemma-2b-instruct' requires accepting end-user license agreement (EULA).",
        "aws/sagemaker-python-sdk#4546",
    ),
    (
        "marketplace",
        "An error occurred (ValidationException) when calling the CreateModel operation: Caller is not"
        " subscribed to the marketplace offering.",
        "aws/amazon-sagemaker-examples#2286",
    ),
    (
        "image-access",
        "An error occurred (ValidationException) when calling the CreateModel operation: Using non-ECR image"
        ' "mine" without Vpc repository access mode is not supported.',
        "aws/sagemaker-python-sdk#4700",
    ),
    (
        "image-missing",
        "An error occurred (ValidationException) when calling the CreateModel operation: Requested image"
        " 1.dkr.ecr.us-west-2.amazonaws.com/ezsmdeploy-image-x not found.",
        "aws-samples/easy-amazon-sagemaker-deployments#4",
    ),
    (
        "image-missing",
        "ClientError: API error (404): manifest for"
        " 757901089955.dkr.ecr.us-west-2.amazonaws.com/tfrecord-processing:2021 not found: manifest unknown:"
        " Requested image not found",
        "aws-samples/amazon-sagemaker-tensorflow-object-detection-api#14",
    ),
    (
        "image-missing",
        "Please make sure all images included in the model for the production variant AllTraffic exist, and"
        " that the execution role used to create the model has permissions to access them.",
        "aws/sagemaker-python-sdk#1835",
    ),
    (
        "image-missing",
        "An error occurred (ValidationException) when calling the CreateModel operation: ECR image"
        ' "1.dkr.ecr.us-west-2.amazonaws.com/decision-trees-sample" is invalid.',
        "aws/amazon-sagemaker-examples#195",
    ),
    (
        "image-missing",
        "Cannot find repository: custompipeline/preprocessor in registry ID: 521695447989 Please check if"
        " your ECR repository exists and role arn:aws:iam::1:role/x has proper pull permissions for SageMaker",
        "aws/amazon-sagemaker-examples#2534",
    ),
    (
        "name-clash",
        "api error ValidationException: Cannot create already existing endpoint"
        ' "arn:aws:sagemaker:eu-west-2:1:endpoint/hmpps-probation-search-preprod-sagemaker-endpoint".',
        "ministryofjustice/modernisation-platform-environments#9383",
    ),
    (
        "name-clash",
        "Cannot create already existing endpoint configuration"
        ' "arn:aws-cn:sagemaker:cn-northwest-1:1:endpoint-config/bert-sentiment-config".',
        "awslabs/spot-tagging-bot-for-digital-assets#2",
    ),
    (
        "service-linked-role",
        'Resource handler returned message: "Unable to assume the service linked role. Please verify that'
        " the ECS service linked role exists. (Service: AmazonECS; Status Code: 400; Error Code:"
        ' InvalidParameterException)" (RequestToken: 70f29b80, HandlerErrorCode: InvalidRequest)',
        "aws-samples/baseline-environment-on-aws#238",
    ),
    (
        "role-not-assumable",
        "SageMaker is unable to perform: sts:AssumeRole on the role. Check if you have a trust relationship"
        " for 'sagemaker.amazonaws.com' to assume the role.",
        "astronomer/docs#1695",
    ),
    (
        "role-not-assumable",
        "The role defined for the function cannot be assumed by Lambda.",
        "serverless/serverless#4384",
    ),
    (
        "kms",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region,"
        " or you are not allowed to access.",
        "aws/aws-encryption-sdk-javascript#1005",
    ),
    (
        "wait-timeout",
        "WaitCondition timed out. Received 0 conditions when expecting 1",
        "aws-solutions-library-samples/aws-batch-arch-for-protein-folding#41",
    ),
    ("wait-unreadable", "Unparsable WaitCondition data", "aws-quickstart/quickstart-pivotal-cloudfoundry#10"),
    (
        "custom-resource-silent",
        "CloudFormation did not receive a response from your Custom Resource. Please check your logs for"
        " requestId [x]. If you are using the Python cfn-response module, you may need to update your Lambda"
        " function code so that CloudFormation can attach the updated version.",
        "aws-solutions-library-samples/guidance-for-baseline-security-assessment-on-aws#2",
    ),
    ("custom-resource-silent", "Custom Resource failed to stabilize in expected time", "aws/aws-cdk#2126"),
    (
        "custom-resource",
        "Received response status [FAILED] from custom resource. Message returned: Waiter"
        " InvalidationCompleted failed: Max attempts exceeded (RequestId: f6ec33b1)",
        "aws-samples/bedrock-chat#857",
    ),
    (
        "smoke-test",
        "An error occurred (ModelError) when calling the InvokeEndpoint operation: Received server error"
        " (507) from primary and could not load the entire response body.",
        "aws-samples/amazon-sagemaker-genai-content-moderation#5",
    ),
    (
        "in-use",
        "resource sg-x has a dependent object (Service: AmazonEC2; Status Code: 400; Error Code:"
        " DependencyViolation; Request ID: x; Proxy: null)",
        "awslabs/autonomous-driving-data-framework#82",
    ),
    (
        "in-use",
        "The subnet 'subnet-00974e267b4554553' has dependencies and cannot be deleted. (Service: AmazonEC2;"
        " Status Code: 400)",
        "aws/aws-cdk#14456",
    ),
    (
        "in-use",
        "Network vpc-69a8810c has some mapped public address(es). Please unmap those public address(es)"
        " before detaching the gateway.",
        "ministryofjustice/bootstrap-cfn#177",
    ),
    (
        "quota-vpc",
        'Resource handler returned message: "The maximum number of VPCs has been reached. (Service: Ec2,'
        ' Status Code: 400, Request ID: x)" (RequestToken: x, HandlerErrorCode: GeneralServiceException)',
        "awslabs/landing-zone-accelerator-on-aws#241",
    ),
    (
        "quota-vpc",
        "AddressLimitExceeded: The maximum number of addresses has been reached.",
        "hashicorp-education/learn-terraform-provision-eks-cluster#59",
    ),
    (
        "access-denied",
        "Resource handler returned message: \"'arn:aws:iam::1:role/mlops' is not authorized to create"
        ' managed-rule. (Service: AWSStepFunctions; Status Code: 400; Error Code: AccessDeniedException)"'
        " (HandlerErrorCode: AccessDenied)",
        "aws-samples/amazon-sagemaker-safe-deployment-pipeline#29",
    ),
    (
        "access-denied",
        "User: arn:aws:sts::1:assumed-role/stacksets-exec-x/y is not authorized to perform:"
        " cloudformation:CreateStack on resource: arn:aws:cloudformation",
        "superwerker/superwerker#171",
    ),
    (
        "token",
        "Access to model meta-llama/Llama-3.1-8B-Instruct is restricted. You must have access to it and be"
        " authenticated to access it. Please log in.",
        "huggingface/inference-benchmarker#12",
    ),
]

LOGS = [
    (
        "log-token",
        "401 Client Error. Cannot access gated repo for url",
        "huggingface/inference-benchmarker#12",
    ),
    (
        "log-token",
        "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url",
        "DanielKneipp/aws-sagemaker-stable-diffusion#1",
    ),
    ("log-disk", "OSError: [Errno 28] No space left on device", "zai-org/CogVLM#395"),
    ("log-cuda-memory", "torch.cuda.OutOfMemoryError: CUDA out of memory.", "vllm-project/vllm#8374"),
]
