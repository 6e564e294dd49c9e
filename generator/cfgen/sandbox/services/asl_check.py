"""Amazon States Language: what a definition must satisfy before it is accepted."""

from __future__ import annotations

import json
from typing import Any

_TYPES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}


def problems(text: str) -> list[str]:
    """What is wrong with a definition; empty if nothing is."""
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    if not isinstance(definition, dict):
        return ["INVALID_JSON_DESCRIPTION: a JSON object is expected"]
    return _block(definition, "/")


def _block(block: dict[str, Any], path: str) -> list[str]:
    found: list[str] = []
    states = block.get("States")
    if not isinstance(states, dict) or not states:
        return [f"SCHEMA_VALIDATION_FAILED: States is required at {path}"]
    start = block.get("StartAt")
    if start not in states:
        found.append(f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {start} at {path}StartAt")
    reached = {start}
    for name, state in states.items():
        where = f"{path}States/{name}"
        if not isinstance(state, dict) or state.get("Type") not in _TYPES:
            found.append(
                f"SCHEMA_VALIDATION_FAILED: Type of {where} must be one of {', '.join(sorted(_TYPES))}"
            )
            continue
        if "JSONata" in (state.get("QueryLanguage"), block.get("QueryLanguage")):
            found.append(f"the cfgen sandbox runs JSONPath state machines only, not JSONata ({where})")
        targets = _targets(state)
        reached |= targets
        for target in targets - states.keys():
            found.append(f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {where}")
        found += _state(state, where)
    for name in states.keys() - reached:
        found.append(f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable at {path}States')
    return found


def _targets(state: dict[str, Any]) -> set[str]:
    found = {state[key] for key in ("Next", "Default") if key in state}
    found |= {item["Next"] for item in state.get("Catch") or [] if "Next" in item}
    return found | {choice["Next"] for choice in state.get("Choices") or [] if "Next" in choice}


def _state(state: dict[str, Any], where: str) -> list[str]:
    found: list[str] = []
    kind = state["Type"]
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map") and bool(state.get("Next")) == bool(
        state.get("End")
    ):
        found.append(f"SCHEMA_VALIDATION_FAILED: {where} must have exactly one of Next and End")
    if kind == "Task" and not str(state.get("Resource", "")).startswith("arn:"):
        found.append(f"SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at {where}/Resource")
    if kind == "Choice" and not state.get("Choices"):
        found.append(f"SCHEMA_VALIDATION_FAILED: {where}/Choices must not be empty")
    if kind == "Wait":
        given = [key for key in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if key in state]
        if len(given) != 1:
            found.append(
                f"SCHEMA_VALIDATION_FAILED: {where} must have exactly one of Seconds, Timestamp and their paths"
            )
    if kind == "Parallel":
        for index, branch in enumerate(state.get("Branches") or []):
            found += _block(branch, f"{where}/Branches/{index}/")
    if kind == "Map":
        inner = state.get("ItemProcessor") or state.get("Iterator")
        found += _block(inner or {}, f"{where}/ItemProcessor/")
    for key in ("Retry", "Catch"):
        for item in state.get(key) or []:
            if not item.get("ErrorEquals"):
                found.append(f"SCHEMA_VALIDATION_FAILED: {where}/{key} needs ErrorEquals")
    return found
