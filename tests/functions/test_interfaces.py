"""The custom resource that waits for a security group's last network interface, against moto's EC2."""

from __future__ import annotations

import contextlib
import threading
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.functions.conftest import Functions, event_of
from tests.functions.loopback import Answers


@pytest.fixture
def network(aws: str) -> tuple[str, str]:
    ec2 = boto3.client("ec2", endpoint_url=aws)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    return subnet, ec2.create_security_group(GroupName="model", Description="-", VpcId=vpc)["GroupId"]


def interface(subnet: str, group: str, in_use: bool) -> str:
    ec2 = boto3.client("ec2")
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group], Description="SageMaker")
    identity = str(made["NetworkInterface"]["NetworkInterfaceId"])
    if in_use:
        instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0][
            "InstanceId"
        ]
        ec2.attach_network_interface(NetworkInterfaceId=identity, InstanceId=instance, DeviceIndex=1)
    return identity


def test_create_and_update_answer_at_once(
    answers: Answers, functions: Functions, network: tuple[str, str]
) -> None:
    interface(*network, in_use=False)
    functions.call("interfaces.py", event_of("Create", answers.at("create"), {"SecurityGroupId": network[1]}))
    assert answers["create"]["Status"] == "SUCCESS"
    assert answers["create"]["PhysicalResourceId"] == f"interfaces/{network[1]}"


def test_delete_takes_those_nobody_uses(
    answers: Answers, functions: Functions, network: tuple[str, str]
) -> None:
    interface(*network, in_use=False)
    other = boto3.client("ec2").create_network_interface(SubnetId=network[0])["NetworkInterface"]
    event = event_of(
        "Delete", answers.at("delete"), {"SecurityGroupId": network[1]}, f"interfaces/{network[1]}"
    )
    functions.call("interfaces.py", event)
    assert answers["delete"]["Status"] == "SUCCESS"
    left = boto3.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert [one["NetworkInterfaceId"] for one in left] == [other["NetworkInterfaceId"]]


def test_delete_waits_for_those_in_use(
    answers: Answers, functions: Functions, network: tuple[str, str]
) -> None:
    busy, ec2 = interface(*network, in_use=True), boto3.client("ec2")
    attachment = ec2.describe_network_interfaces(NetworkInterfaceIds=[busy])["NetworkInterfaces"][0][
        "Attachment"
    ]

    def release() -> None:
        time.sleep(2)
        ec2.detach_network_interface(AttachmentId=attachment["AttachmentId"])
        with contextlib.suppress(ClientError):  # the function was quicker
            ec2.delete_network_interface(NetworkInterfaceId=busy)

    threading.Thread(target=release).start()
    event = event_of(
        "Delete", answers.at("delete"), {"SecurityGroupId": network[1]}, f"interfaces/{network[1]}"
    )
    functions.call("interfaces.py", event, seconds=100)
    assert answers["delete"]["Status"] == "SUCCESS"


def test_delete_names_those_that_stay(
    answers: Answers, functions: Functions, network: tuple[str, str]
) -> None:
    busy = interface(*network, in_use=True)
    event = event_of(
        "Delete", answers.at("delete"), {"SecurityGroupId": network[1]}, f"interfaces/{network[1]}"
    )
    functions.call("interfaces.py", event, seconds=31)
    assert answers["delete"]["Status"] == "FAILED"
    assert busy in answers["delete"]["Reason"]


@pytest.mark.usefixtures("aws")
def test_delete_for_a_create_that_never_answered(answers: Answers, functions: Functions) -> None:
    event = event_of("Delete", answers.at("delete"), {"SecurityGroupId": "sg-1"}, "demo-Interfaces-1ABC")
    functions.call("interfaces.py", event)
    assert answers["delete"]["Status"] == "SUCCESS"
