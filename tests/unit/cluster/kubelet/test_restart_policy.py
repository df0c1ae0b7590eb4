"""Which containers are started again when they have ended."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.kubelet.restart_policy import restarts_after


def rule(operator: str, *codes: int, action: str = "Restart") -> dict[str, Any]:
    return {"action": action, "exitCodes": {"operator": operator, "values": list(codes)}}


NEVER_BUT = {"restartPolicy": "Never"}
CASES: dict[str, tuple[str, dict[str, Any], int, bool]] = {
    "the pod's: always": ("Always", {}, 0, True),
    "the pod's: on failure": ("OnFailure", {}, 1, True),
    "the pod's: on failure, yet fine": ("OnFailure", {}, 0, False),
    "the pod's: never": ("Never", {}, 1, False),
    "its own, and the pod's is never": ("Never", {"restartPolicy": "OnFailure"}, 1, True),
    "its own, and the pod's is always": ("Always", {"restartPolicy": "Never"}, 1, False),
    "a rule": ("Never", NEVER_BUT | {"restartPolicyRules": [rule("In", 42)]}, 42, True),
    "no rule for it": ("Never", NEVER_BUT | {"restartPolicyRules": [rule("In", 42)]}, 1, False),
    "all but": ("Never", NEVER_BUT | {"restartPolicyRules": [rule("NotIn", 42)]}, 1, True),
    "all but this": (
        "Never",
        NEVER_BUT | {"restartPolicyRules": [rule("NotIn", 42)]},
        42,
        False,
    ),
    "the first of two": (
        "Never",
        NEVER_BUT | {"restartPolicyRules": [rule("In", 1, action="Other"), rule("In", 1)]},
        1,
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_ends_is_started_again_as_it_says(case: str) -> None:
    policy, container, code, wanted = CASES[case]
    assert restarts_after({"spec": {"restartPolicy": policy}}, container, code) is wanted
