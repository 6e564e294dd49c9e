"""Example data: what a template refers to that must be there before it launches, made in the sandbox.

A bucket with model files, a token's secret, a network, keys, roles, topics: each as small as will do, named after what
the template asks for. What is there already stays as it is, so seeding twice is seeding once.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from cfgen.sandbox import hub

TAG = {"Key": "cfgen:example", "Value": "true"}
TOKEN = "hf_example-of-the-cfgen-sandbox"
_ARN = re.compile(r"arn:[a-z-]+:(?P<service>[a-z-]+):[^:]*:\d{12}:(?:(?P<kind>[a-z-]+)[/:])?(?P<name>.+)")


@dataclass
class Seeded:
    """What was made, in words; parameters whose value must be another than the template's; files for the hub."""

    made: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    hub_files: dict[str, list[str]] = field(default_factory=dict)


def _key_policy(arn: str) -> dict[str, Any]:
    """What docs/how-to/security.md asks of a key: the account's roles by their own rights, logs, alarms."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": [
                    "kms:Encrypt",
                    "kms:Decrypt",
                    "kms:ReEncrypt*",
                    "kms:GenerateDataKey*",
                    "kms:DescribeKey",
                ],
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
        ],
    }


class Seeder:
    """Makes example data in one region of a sandbox. ``client`` gives a boto3 client for a service there."""

    def __init__(self, client: Callable[[str], Any], region: str) -> None:
        self._client, self._region = client, region
        self._result = Seeded()
        self._targets: tuple[str, ...] = ()

    def seed(self, template: Mapping[str, Any], given: Mapping[str, str]) -> Seeded:
        """Make what ``template`` (as data) needs; ``given`` are the launcher's own parameters, which are left alone.

        Model files are not a thing of the account: what builds ask of the hub comes back as ``hub_files``.
        """
        self._result = Seeded()
        # models that the template's own requests name, below the prefix of a multi-model endpoint
        self._targets = tuple(
            str(resource["Properties"]["TargetModel"])
            for resource in template["Resources"].values()
            if resource.get("Type") == "Custom::SmokeTest" and "TargetModel" in resource["Properties"]
        )
        parameters: Mapping[str, Mapping[str, Any]] = template.get("Parameters") or {}
        for name, body in parameters.items():
            if name in given or name.startswith("Asset"):
                continue
            default = str(body.get("Default", ""))
            value = self._value(name, str(body.get("Type", "")), default, parameters)
            if value != default:
                self._result.parameters[name] = value
        for resource in template["Resources"].values():
            if resource.get("Type") == "Custom::ModelBuild":
                self._hub_files(json.loads(resource["Properties"]["Config"]))
        return self._result

    def _value(self, name: str, kind: str, default: str, parameters: Mapping[str, Mapping[str, Any]]) -> str:
        typed = {
            "AWS::EC2::VPC::Id": self._network,
            "List<AWS::EC2::Subnet::Id>": self._subnets,
            "List<AWS::EC2::SecurityGroup::Id>": self._group,
        }
        if kind in typed:
            return default if self._there(default) else typed[kind]()
        if name.endswith("ModelDataBucket"):
            key = f"{name.removesuffix('Bucket')}Key"
            return self._model_data(default, str(parameters.get(key, {}).get("Default", "")))
        if not default:
            return default
        if name.endswith("AdapterUri"):
            bucket, _, key = default.removeprefix("s3://").partition("/")
            return f"s3://{self._model_data(bucket, key)}/{key}"
        if name.endswith("TokenSecret"):
            return self._secret(default)
        if name.endswith("Bucket"):
            return self._bucket(default, logs=name.endswith("LogBucket"))
        by_arn = {
            ("kms", "key"): self._key,
            ("iam", "role"): self._role,
            ("iam", "policy"): self._policy,
            ("sns", None): self._topic,
        }
        arn = _ARN.fullmatch(default)
        make = by_arn.get((arn["service"], arn["kind"])) if arn else None
        return make(default, arn["name"]) if make and arn else default

    def _say(self, text: str) -> None:
        self._result.made.append(text)

    # networks -------------------------------------------------------------------------------------------

    def _there(self, ids: str) -> bool:
        """Whether all networks, subnets or groups of a list are in the sandbox."""
        ec2 = self._client("ec2")
        calls = {
            "vpc": lambda found: ec2.describe_vpcs(VpcIds=found),
            "subnet": lambda found: ec2.describe_subnets(SubnetIds=found),
            "sg": lambda found: ec2.describe_security_groups(GroupIds=found),
        }
        listed = [one for one in ids.split(",") if one]
        try:
            return bool(listed) and bool(calls[listed[0].partition("-")[0]](listed))
        except (KeyError, ec2.exceptions.ClientError):
            return False

    def _example(self, call: Callable[..., Any], key: str) -> list[dict[str, Any]]:
        """Things that were made here before."""
        filters = [{"Name": f"tag:{TAG['Key']}", "Values": [TAG["Value"]]}]
        return list(call(Filters=filters)[key])

    def _network(self) -> str:
        ec2 = self._client("ec2")
        if found := self._example(ec2.describe_vpcs, "Vpcs"):
            return str(found[0]["VpcId"])
        vpc = str(ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"])
        # name resolution, as interface endpoints want it, and a way out, as the hub does
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
        ec2.create_route(
            RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
        )
        zones = [one["ZoneName"] for one in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.90.{number}.0/24", AvailabilityZone=zone)["Subnet"][
                "SubnetId"
            ]
            for number, zone in enumerate(zones)
        ]
        group = ec2.create_security_group(
            GroupName="cfgen-example", Description="Example of the cfgen sandbox", VpcId=vpc
        )
        ec2.create_tags(Resources=[vpc, *subnets, group["GroupId"]], Tags=[TAG])
        self._say(f"network {vpc} with subnets {', '.join(subnets)} and security group {group['GroupId']}")
        return vpc

    def _subnets(self) -> str:
        self._network()
        ec2 = self._client("ec2")
        return ",".join(sorted(one["SubnetId"] for one in self._example(ec2.describe_subnets, "Subnets")))

    def _group(self) -> str:
        self._network()
        ec2 = self._client("ec2")
        return str(self._example(ec2.describe_security_groups, "SecurityGroups")[0]["GroupId"])

    # files ----------------------------------------------------------------------------------------------

    def _bucket(self, name: str, *, logs: bool = False) -> str:
        """The bucket of this name in this region; bucket names are global, so another region's has another name."""
        s3 = self._client("s3")
        home = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
        where = {"CreateBucketConfiguration": home} if home else {}
        for candidate in (name, f"{name}-{self._region}"):
            try:
                region = s3.get_bucket_location(Bucket=candidate)["LocationConstraint"] or "us-east-1"
            except s3.exceptions.ClientError:
                s3.create_bucket(Bucket=candidate, **where)
                if logs:
                    who, what = {"Service": "logging.s3.amazonaws.com"}, f"arn:aws:s3:::{candidate}/*"
                    s3.put_bucket_policy(
                        Bucket=candidate, Policy=_policy("s3:PutObject", Principal=who, Resource=what)
                    )
                self._say(f"bucket {candidate}")
                return candidate
            if region == self._region:
                return candidate
        return name

    def _model_data(self, bucket: str, key: str) -> str:
        bucket, s3 = self._bucket(bucket), self._client("s3")
        many = self._targets if key.endswith("/") or not key else ()
        places = [f"{key}{target}" for target in many] or [key]
        missing = [
            one
            for one in places
            if not s3.list_objects_v2(Bucket=bucket, Prefix=one, MaxKeys=1).get("KeyCount")
        ]
        if not missing:
            return bucket
        files = hub.files(f"s3://{bucket}/{key}", "launch")
        if many:
            for one in missing:
                s3.put_object(Bucket=bucket, Key=one, Body=_archive(files))
        elif key.endswith("/"):
            for path, data in files.items():
                s3.put_object(Bucket=bucket, Key=f"{key}{path}", Body=data)
        else:
            s3.put_object(Bucket=bucket, Key=key, Body=_archive(files))
        self._say(f"s3://{bucket}/{key}: stand-in files, not a model")
        return bucket

    def _hub_files(self, build: Mapping[str, Any]) -> None:
        """Files that a build chooses by patterns of its own must be there to be chosen."""
        usual = list(hub.files("", ""))
        for model in build.get("models", ()):
            more = [
                sample(one)
                for one in model.get("include") or ()
                if not any(fnmatch(path, _whole(one)) for path in usual)
            ]
            if any(fnmatch("model.safetensors", _whole(one)) for one in model.get("exclude") or ()):
                more.append("pytorch_model.bin" if build.get("allowPickle") else "model.gguf")
            if more:
                self._result.hub_files[model["id"]] = more

    # keys, roles and the like ---------------------------------------------------------------------------

    def _secret(self, name: str) -> str:
        secrets = self._client("secretsmanager")
        try:
            secrets.describe_secret(SecretId=name)
            return name
        except secrets.exceptions.ClientError:
            pass
        arn = _ARN.fullmatch(name)
        # Secrets Manager adds six characters to a name to make the ARN
        bare = re.sub(r"-[A-Za-z0-9]{6}$", "", arn["name"]) if arn else name
        made = secrets.create_secret(Name=bare, SecretString=TOKEN)
        self._say(f"secret {bare} with a made-up token")
        return str(made["ARN"]) if arn else name

    def _key(self, arn: str, _: str) -> str:
        kms = self._client("kms")
        try:
            kms.describe_key(KeyId=arn)
            return arn
        except kms.exceptions.ClientError:
            pass
        for one in kms.list_aliases()["Aliases"]:
            if one["AliasName"] == "alias/cfgen-example":
                return str(kms.describe_key(KeyId=one["TargetKeyId"])["KeyMetadata"]["Arn"])
        made = kms.create_key(Description="Example of the cfgen sandbox")["KeyMetadata"]
        kms.put_key_policy(
            KeyId=made["KeyId"], PolicyName="default", Policy=json.dumps(_key_policy(made["Arn"]))
        )
        kms.create_alias(AliasName="alias/cfgen-example", TargetKeyId=made["KeyId"])
        self._say(f"key {made['Arn']}")
        return str(made["Arn"])

    def _role(self, _: str, name: str) -> str:
        iam, name = self._client("iam"), name.rpartition("/")[2]
        try:
            return str(iam.get_role(RoleName=name)["Role"]["Arn"])
        except iam.exceptions.NoSuchEntityException:
            pass
        services = [
            f"{one}.amazonaws.com" for one in ("sagemaker", "codebuild", "lambda", "states", "events")
        ]
        made = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=_policy("sts:AssumeRole", Principal={"Service": services})
        )
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=_policy("*", Resource="*"))
        self._say(f"role {name}, which may do everything")
        return str(made["Role"]["Arn"])

    def _policy(self, arn: str, name: str) -> str:
        iam, name = self._client("iam"), name.rpartition("/")[2]
        mine = {one["PolicyName"]: one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]}
        if ":aws:policy/" in arn or name in mine:
            return str(mine.get(name, arn))
        made = iam.create_policy(PolicyName=name, PolicyDocument=_policy("*", Resource="*"))["Policy"]
        self._say(f"policy {name}, which allows everything")
        return str(made["Arn"])

    def _topic(self, _: str, name: str) -> str:
        sns = self._client("sns")
        known = {one["TopicArn"].rpartition(":")[2]: one["TopicArn"] for one in sns.list_topics()["Topics"]}
        if name not in known:
            known[name] = sns.create_topic(Name=name)["TopicArn"]
            self._say(f"topic {name}")
        return str(known[name])


def _policy(action: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _archive(files: Mapping[str, bytes]) -> bytes:
    """A .tar.gz of some files."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for path, data in files.items():
            head = tarfile.TarInfo(path)
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
    return target.getvalue()


def _whole(pattern: str) -> str:
    """A pattern as the build script reads it: a folder stands for all in it."""
    return pattern + "*" * pattern.endswith("/")


def sample(pattern: str) -> str:
    """A path that a file pattern matches: ``gguf/*Q4_K_M.gguf`` → ``gguf/stand-inQ4_K_M.gguf``."""
    path = re.sub(r"\[(!?)(.)[^]]*\]", lambda found: "_" if found[1] else found[2], _whole(pattern))
    if path.rpartition("/")[2] == "*":
        path += ".safetensors"
    return re.sub(r"\*+", "stand-in", path).replace("?", "x").lstrip("/")
