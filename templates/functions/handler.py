"""Custom resource: has a model's artifact built, and answers at once.

CloudFormation sends Create, Update, Delete; the state machine sends Action "signal" when the build has ended.
The physical id is bucket/prefix: CloudFormation itself then asks to delete what an update or rollback left.
"""

import hashlib
import json
import os
import time
from typing import Any
from urllib.parse import quote

import boto3
import urllib3
from botocore.exceptions import ClientError

PAUSE = float(os.environ.get("CFGEN_PAUSE", "3"))
Dict = dict[str, Any]


class Refused(Exception):
    """A reason in words for the stack's events."""


def handler(event: Dict, context: Any) -> None:
    if event.get("Action") == "signal":
        signal(event["Input"]["Properties"], event["Input"].get("Error"))
        return
    asked, whole = event["ResourceProperties"], False
    wanted = f"{asked['Bucket']}/models/{asked['Key']}/"
    current = event.get("PhysicalResourceId", wanted)
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    try:
        if event["RequestType"] == "Delete":
            delete(event, asked, time.time() + context.get_remaining_time_in_millis() / 1000 - 20)
        else:
            whole, current = patiently(event, asked, wanted), wanted
        answer |= {"Status": "SUCCESS", "Data": {"Uri": f"s3://{wanted}"}}
    except Exception as error:
        reason = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        answer |= {"Status": "FAILED", "Reason": reason[:1000]}
    # A failed update keeps the id it had: another would make CloudFormation delete the data in use.
    put(event["ResponseURL"], answer | {"PhysicalResourceId": current})
    if whole:  # there already: the wait condition, made after this resource, need not wait
        signal(asked, None)


def patiently(event: Dict, asked: Dict, wanted: str) -> bool:
    """Start it, again if need be: a role made or changed a moment ago may not be known everywhere yet."""
    tries = 0
    while True:
        try:
            return start(event, asked, wanted)
        except Exception as error:
            tries += 1
            if "AccessDenied" not in str(error) or tries > 5:
                raise
            time.sleep(PAUSE * 3)


def start(event: Dict, asked: Dict, wanted: str) -> bool:
    """Start the build of this content; True when its artifact is whole already."""
    old = event.get("OldResourceProperties", asked)
    if stale(event):
        raise Refused("out of date: CloudFormation no longer waits for this")
    if event.get("PhysicalResourceId") == wanted and old["Key"] != asked["Key"]:
        drop(old, old["Key"], time.time() + 60)  # rollback of an update without answer: no Delete will come
    if not missing(asked)[1]:
        return True
    build = json.loads(asked["Config"]) | {"bucket": asked["Bucket"], "key": asked["Key"]}
    build |= {"tokenSecret": asked.get("TokenSecret", ""), "codeUri": asked.get("CodeUri", "")}
    check(build)
    if stale(event):  # the hub may have taken its time
        raise Refused("out of date: this resource was deleted meanwhile")
    # One event delivered twice has one name, and so one execution.
    name = f"{asked['Key']}-{hashlib.sha256(event['RequestId'].encode()).hexdigest()[:16]}"
    given = json.dumps({"Properties": asked, "Build": json.dumps(build)})
    states = boto3.client("stepfunctions")
    try:
        states.start_execution(stateMachineArn=asked["StateMachine"], name=name, input=given)
    except states.exceptions.ExecutionAlreadyExists:
        print("already started:", name)
    return False


def delete(event: Dict, asked: Dict, deadline: float) -> None:
    """Stop the build of this id's content and remove what it wrote; the last id takes all with it."""
    if stale(event):
        return print("out of date: this content is in use again")
    # An id that is not ours is CloudFormation's own: a Create without answer, which may have started a build.
    ours, _, key = event["PhysicalResourceId"].rstrip("/").rpartition("/models/")
    asked = asked | {"Key": key} if ours else asked
    retain, last = asked.get("Retain") == "true", shown(event)[0].startswith("DELETE")
    last = last and asked.get("Shared") != "true"  # others' files lie beside these
    if retain:  # but not what a rollback undoes: its bucket must go
        stack = boto3.client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"][0]
        retain = "ROLLBACK" not in stack["StackStatus"]
    if retain and not missing(asked)[1]:
        return print("kept")
    return drop(asked, "" if last and not retain else asked["Key"], deadline)


def stale(event: Dict) -> bool:
    """Whether CloudFormation has moved on: Lambda may deliver hours late, twice, in any order."""
    for _ in range(5):  # what CloudFormation shows may lag
        status, identity = shown(event)
        if event["RequestType"] == "Delete":
            wanted = status.startswith("DELETE") or identity != event["PhysicalResourceId"]
        else:
            wanted = status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
        if wanted:
            return False
        time.sleep(PAUSE)
    return True


def shown(event: Dict) -> tuple[str, str]:
    """The status and the physical id that CloudFormation shows for this resource."""
    where = {"StackName": event["StackId"], "LogicalResourceId": event["LogicalResourceId"]}
    try:
        now = boto3.client("cloudformation").describe_stack_resource(**where)["StackResourceDetail"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return "DELETE_COMPLETE", ""
    return now["ResourceStatus"], now.get("PhysicalResourceId", "")


def drop(asked: Dict, key: str, deadline: float) -> None:
    """Stop and purge until neither build nor object is left: a stopping build may still write."""
    while stop(asked, key) or purge(asked["Bucket"], f"models/{key}"):
        if time.time() > deadline:
            raise Refused("the build is still stopping: delete again in a few minutes")
        time.sleep(PAUSE)


def stop(asked: Dict, key: str) -> int:
    """Stop executions and builds of a key ("": of all); how many were running."""
    states, machine = boto3.client("stepfunctions"), asked["StateMachine"]
    found = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    running = [one["executionArn"] for one in found if one["name"].startswith(key)]
    for arn in running:
        states.stop_execution(executionArn=arn, cause="CloudFormation no longer wants it")
    building = [one["id"] for one in builds(asked, key) if one["buildStatus"] == "IN_PROGRESS"]
    for one in building:
        boto3.client("codebuild").stop_build(id=one)
    return len(running) + len(building)


def builds(asked: Dict, key: str) -> list[Dict]:
    """The latest builds of a key, newest first."""
    api = boto3.client("codebuild")
    ids = api.list_builds_for_project(projectName=asked["Project"], sortOrder="DESCENDING")["ids"][:50]
    found = api.batch_get_builds(ids=ids)["builds"] if ids else []
    mine = [one for one in found if f'"key": "{key}' in str(one["environment"])]
    return sorted(mine, key=lambda one: ids.index(one["id"]))


def purge(bucket: str, prefix: str) -> int:
    """Remove every version, marker and unfinished upload; how many there were."""
    store = boto3.resource("s3").Bucket(bucket)
    try:
        uploads = [one.abort() for one in store.multipart_uploads.filter(Prefix=prefix)]
        replies = store.object_versions.filter(Prefix=prefix).delete()
    except store.meta.client.exceptions.NoSuchBucket:
        return 0
    for error in (error for reply in replies for error in reply.get("Errors", [])):
        raise Refused(f"cannot delete {error['Key']}: {error['Message']}")
    return len(uploads) + sum(len(reply.get("Deleted", [])) for reply in replies)


def missing(asked: Dict) -> tuple[Dict, str]:
    """The artifact's manifest, and what S3 lacks of it: "" only when every object has its size."""
    prefix = f"models/{asked['Key']}/"
    manifest = read(asked, ".json")
    found = boto3.resource("s3").Bucket(asked["Bucket"]).objects.filter(Prefix=prefix) if manifest else []
    there = {one.key.removeprefix(prefix): one.size for one in found}
    files = {one["path"]: one["size"] for one in manifest.get("objects", [])}
    wrong = sorted(name for name in files.keys() | there.keys() if files.get(name) != there.get(name))
    if files and not wrong:
        return manifest, ""
    return manifest, f"S3 and manifest differ: {wrong[:5]}" if manifest else "the build wrote no manifest"


def read(asked: Dict, name: str) -> Dict:
    s3 = boto3.client("s3")
    try:
        body = s3.get_object(Bucket=asked["Bucket"], Key=f"models/{asked['Key']}{name}")["Body"]
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return {}
    return dict(json.load(body))


def signal(asked: Dict, error: Dict | None) -> None:
    """Tell the wait condition how the build ended; what is whole in S3 is a success, nothing else is."""
    manifest, problem = missing(asked)
    if problem and error:
        problem = why(asked, error)
    body = {"Status": "FAILURE" if problem else "SUCCESS", "UniqueId": asked["Key"], "Reason": problem[:1000]}
    put(asked["Handle"], body | {"Data": json.dumps(manifest.get("models", []))[:2000]})


def why(asked: Dict, error: Dict) -> str:
    """The script's own words if it had any, else how CodeBuild says that the build ended."""
    cause = f"{error.get('Error')} {error.get('Cause', '')[:300]}"
    for build in builds(asked, asked["Key"])[:1]:
        failure = read(asked, ".failure.json")
        if failure.get("build") == build["id"]:
            return str(failure["reason"])
        contexts = [
            one.get("message") for phase in build.get("phases", []) for one in phase.get("contexts", [])
        ]
        said = " ".join(filter(None, contexts)) or error.get("Error")
        return f"{build['id']} ended as {build['buildStatus']}: {said} {last_words(build)}".strip()
    return f"no build was started: {cause}"


def last_words(build: Dict) -> str:
    """The end of the build's log, which a rollback takes away; only of a build that failed by itself."""
    place = build.get("logs", {})
    try:
        stream = {"logGroupName": place["groupName"], "logStreamName": place["streamName"], "limit": 20}
        events = boto3.client("logs").get_log_events(**stream)["events"]
    except (ClientError, KeyError):
        return ""
    lines = [
        one["message"].strip() for one in events if one["message"].strip()[:11] not in ("", "[Container]")
    ]
    return " / ".join(lines[-2:])[-400:] if build["buildStatus"] == "FAILED" else ""


def check(build: Dict) -> None:
    """Ask the hub now what would fail the build later; a hub that is down refuses nothing."""
    token, secret = "", build["tokenSecret"]
    try:
        if secret:
            token = boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"].strip()
    except ClientError as error:
        raise Refused(f"cannot read the token's secret {secret}: {error}") from None
    token = next(iter(json.loads(token).values())) if token.startswith("{") else token
    hub = build.get("hub") or os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    for model in build["models"]:
        name, revision = model["id"], quote(model["revision"], safe="")
        status, about = ask("GET", f"{hub}/api/models/{name}/revision/{revision}", token)
        files = [one["rfilename"] for one in about.get("siblings", [])]
        if files:  # anyone may read about a gated model, not so its files
            file = quote("config.json" if "config.json" in files else files[0])
            status, about = ask("HEAD", f"{hub}/{name}/resolve/{about['sha']}/{file}", token)
        if status in (401, 403, 404):
            means = "no such model or revision, or no access to it (private or gated?)"
            said = f"{status} {about['code']}".rstrip()
            raise Refused(f"{name} at {revision}: the hub answers {said}: {means}")


def ask(method: str, url: str, token: str) -> tuple[int, Dict]:
    """One request, whose redirects are not followed: the token goes nowhere else."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        http = urllib3.PoolManager(timeout=10, retries=urllib3.Retry(1, redirect=False))
        reply = http.request(method, url, headers=headers, redirect=False)
        about = json.loads(reply.data) if reply.status == 200 and method == "GET" else {}
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        print("the hub did not answer:", error)
        return 0, {}
    return reply.status, about | {"code": reply.headers.get("X-Error-Code") or ""}


def put(url: str, body: Dict) -> None:
    """Answer at a presigned URL. What it raises after a minute makes Lambda deliver the event again."""
    print(body)
    again = urllib3.Retry(6, backoff_factor=PAUSE / 3, status_forcelist=range(500, 600))
    http, data = urllib3.PoolManager(retries=again, timeout=10), json.dumps(body, ensure_ascii=False).encode()
    print("answered:", http.request("PUT", url, body=data, headers={"Content-Type": ""}).status)
