"""What a failure leaves to be known: the first event that failed, and the log that belongs to it while it exists."""

from __future__ import annotations

from cfgen.deploy import causes, errors, events, logs
from cfgen.deploy.session import Aws


class Witness:
    """Keeps what a diagnosis needs as events pass by: a rollback deletes the logs with the log group."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._physical: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self.first: events.Event | None = None
        self.group, self.log = "", tuple[str, ...]()

    def see(self, event: events.Event) -> None:
        """Take note; at the first failure, read the log that belongs to it at once."""
        self._types[event.logical_id] = event.type
        if event.physical_id:
            self._physical[event.logical_id] = event.physical_id
        if self.first is None and event.failed and not event.of_stack and not event.consequence:
            self.first = event
            self.group = causes.log_group_of(event, self._physical, self._types)
            if self.group:
                self.log = logs.tail(self._aws, self.group)

    def diagnosis(self, reason: str) -> causes.Diagnosis:
        """What is known of the failure."""
        return causes.diagnose(reason, self.group, self.log)


def failed(name: str, ending: events.Ending, witness: Witness, hint: str) -> errors.StackFailed:
    """The exception for an operation that ended badly: the first event that failed and what it means."""
    event = ending.first_failure
    reason = event.reason if event else ending.reason
    what = (
        f"{event.title} ({event.type}) failed: {reason or 'no reason given'}"
        if event
        else reason or "no reason given"
    )
    return errors.StackFailed(
        f"{name} is in {ending.status}: {what}", event=event, diagnosis=witness.diagnosis(reason), hint=hint
    )
