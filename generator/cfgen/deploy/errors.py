"""What launching can fail of, one class each.

Hierarchy::

    CfgenError
    └── DeployError               exit code 1
        ├── UsageError            exit code 2: known wrong before AWS is asked
        │   ├── RegionMissing, RegionUnsupported
        │   ├── ParameterUnknown, ParameterMissing, MalformedOption
        │   └── TemplateTooLarge
        ├── ToolMissing           the AWS CLI or an extra is not installed
        ├── AwsCliFailed          the AWS CLI said no
        ├── AwsError              an API call failed
        │   ├── CredentialsMissing, CredentialsExpired
        │   ├── AccessDenied, Throttled, Unreachable
        ├── StackNotFound, StackBusy, StackStuck, StackProtected
        ├── PreflightFailed, UpdateRefused, LintFailed, ChangeSetFailed, Declined, AssetFailed
        ├── StackFailed           the operation ended badly; carries the first failed event
        ├── TimedOut              cfgen stopped following; the operation goes on
        ├── Interrupted           exit code 130: likewise, because of Ctrl-C
        ├── EndpointWrong, EndpointSilent   the stack says done, the endpoint does not
        ├── EndpointOff           a schedule or someone has switched it off
        └── InvokeFailed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.deploy.causes import Diagnosis
    from cfgen.deploy.events import Event


class DeployError(CfgenError):
    """Anything that goes wrong with stacks and endpoints."""


class UsageError(DeployError):
    """Something asked for that cannot be right, found before AWS was asked."""

    exit_code = 2


class RegionMissing(UsageError):
    """No region was given and none is configured."""


class RegionUnsupported(UsageError):
    """A region the template does not launch in."""


class ParameterUnknown(UsageError):
    """A parameter the template does not declare."""


class ParameterMissing(UsageError):
    """A parameter without a default that nobody gave."""


class MalformedOption(UsageError):
    """An option or file whose shape is wrong."""


class TemplateTooLarge(UsageError):
    """A template over a CloudFormation limit, and no bucket to launch it from."""


class ToolMissing(DeployError):
    """A program or package that has to be installed first."""


class AwsCliFailed(DeployError):
    """The AWS CLI ended with an error."""


class AwsError(DeployError):
    """A call to an AWS API failed."""


class CredentialsMissing(AwsError):
    """No usable credentials."""


class CredentialsExpired(AwsError):
    """The session's credentials ran out."""


class AccessDenied(AwsError):
    """IAM refuses a call."""


class Throttled(AwsError):
    """AWS asked to slow down more often than cfgen was ready to wait."""


class Unreachable(AwsError):
    """The service's endpoint does not answer."""


class StackNotFound(DeployError):
    """No stack of that name in the region."""


class StackBusy(DeployError):
    """Another operation is under way."""


class StackStuck(DeployError):
    """The stack is in a state from which it cannot be updated."""


class StackProtected(DeployError):
    """Termination protection is on."""


class LintFailed(DeployError):
    """cfn-lint finds errors in the rendered template."""


class PreflightFailed(DeployError):
    """Something that would make the launch fail was seen before it."""


class UpdateRefused(DeployError):
    """An update that CloudFormation or SageMaker would refuse, seen before it."""


class ChangeSetFailed(DeployError):
    """CloudFormation could not make the change set."""


class Declined(DeployError):
    """The user said no; nothing was changed."""


class AssetFailed(DeployError):
    """A file the template needs could not be uploaded."""


class StackFailed(DeployError):
    """A stack operation failed. ``event`` is the first that did, ``diagnosis`` what it means."""

    def __init__(
        self, message: str, *, event: Event | None = None, diagnosis: Diagnosis | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.event, self.diagnosis = event, diagnosis


class TimedOut(DeployError):
    """``--timeout`` passed; the operation goes on in AWS."""


class Interrupted(DeployError):
    """The user stopped cfgen; the operation goes on in AWS."""

    exit_code = 130


class EndpointWrong(DeployError):
    """The endpoint serves something else than the stack says."""


class EndpointSilent(DeployError):
    """The endpoint does not answer a request."""


class EndpointOff(DeployError):
    """The endpoint is away on purpose: it is switched off."""


class InvokeFailed(DeployError):
    """A request to the endpoint failed."""
