"""What a failed pod means for its Job by `podFailurePolicy`. Pure.

Source: kubernetes.io, Job, pod failure policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from proa.kube import Object, key_of


class Outcome(NamedTuple):
    """`action` is Count, Ignore, FailJob or FailIndex; a message comes with FailJob."""

    action: str = "Count"
    message: str = ""


def outcome(job: Object, pod: Object) -> Outcome:
    """The first rule that matches the failed pod decides; without one it counts."""
    rules = (job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
    for number, rule in enumerate(rules):
        if reason := _match(rule, pod):
            message = f"{reason} matching {rule['action']} rule at index {number}"
            return Outcome(rule["action"], message if rule["action"] == "FailJob" else "")
    return Outcome()


def _match(rule: Mapping[str, Any], pod: Object) -> str:
    status = pod.get("status") or {}
    if codes := rule.get("onExitCodes"):
        statuses = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
        for container in statuses:
            code = ((container.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
            if code and _code_matches(codes, container["name"], code):
                return f"Container {container['name']} for pod {key_of(pod)} failed with exit code {code}"
        return ""
    for condition in status.get("conditions") or ():
        for wanted in rule.get("onPodConditions") or ():
            same_status = condition["status"] == wanted.get("status", "True")
            if condition["type"] == wanted["type"] and same_status:
                return f"Pod {key_of(pod)} has condition {condition['type']}"
    return ""


def _code_matches(codes: Mapping[str, Any], container: str, code: int) -> bool:
    if codes.get("containerName") not in (None, container):
        return False
    return bool((code in codes["values"]) == (codes["operator"] == "In"))
