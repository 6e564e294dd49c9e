"""Security: keys, access logs, and the policy of those who call the endpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """A KMS key of the launcher's: its parameter, whose default is ``given``, and the condition that there is one.

    ``description``: of the parameter, in a sentence or two.
    """

    parameter: str
    condition: str
    given: str
    description: str


@dataclass(frozen=True, slots=True)
class InvokePlan:
    """A managed policy that allows to invoke the endpoint.

    ``vpc_endpoints``: defaults of the launcher's parameter. ``vpc``: logical id of the network, or of its parameter,
    from which calls must come.
    """

    actions: tuple[str, ...]
    vpc_endpoints: tuple[str, ...]
    vpc: str
    bearer_token: bool


@dataclass(frozen=True, slots=True)
class SecurityPlan:
    """A key for each kind of data that the stack keeps, None where it keeps none; several may be the same.

    ``access_logs``: whether there are buckets whose access can be logged, into ``access_log_bucket`` by default.
    """

    volumes: KeyPlan | None
    artifacts: KeyPlan | None
    asynchronous: KeyPlan | None
    capture: KeyPlan | None
    logs: KeyPlan
    access_logs: bool
    access_log_bucket: str
    invoke: InvokePlan | None

    @property
    def keys(self) -> tuple[KeyPlan, ...]:
        """Every key once, in the order of their parameters."""
        every = (self.volumes, self.artifacts, self.asynchronous, self.capture, self.logs)
        return tuple(dict.fromkeys(key for key in every if key))

    @property
    def conditions(self) -> tuple[KeyPlan, ...]:
        """The keys whose condition is that they are given; that of volumes asks for the instance type as well."""
        return tuple(key for key in self.keys if key.condition != "HasVolumeKmsKey")
