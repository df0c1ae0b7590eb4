"""Whether a container that has ended is started again: by its own rules and policy, else by its pod's.

Source: core/v1 Container.restartPolicy and restartPolicyRules; kubernetes pkg/api/v1/pod.
"""

from __future__ import annotations

from proa.kube import Object


def restarts_after(pod: Object, container: Object, exit_code: int) -> bool:
    """Whether the container is started again after it ended with that code."""
    own = container.get("restartPolicy")
    if own and _rule_says_so(container, exit_code):
        return True
    policy = own or pod["spec"].get("restartPolicy") or "Always"
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def _rule_says_so(container: Object, exit_code: int) -> bool:
    """Whether the first rule that matches asks for it."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        listed = exit_code in (codes.get("values") or ())
        if listed == (codes.get("operator") == "In"):
            return bool(rule.get("action") == "Restart")
    return False
