"""Requests of Kubernetes' own end-to-end tests which the conformance tests do not make."""

from __future__ import annotations

from typing import Any

from corpus.story import Step, patch, post, put, story

CONFIG_MAPS = "/api/v1/namespaces/<ns>/configmaps"
CRON_JOBS = "/apis/batch/v1/namespaces/<ns>/cronjobs"
PODS = "/api/v1/namespaces/<ns>/pods"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases"


def zone(number: int, name: str) -> Step:
    template = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
    spec = {"schedule": "@daily", "timeZone": name, "jobTemplate": {"spec": {"template": template}}}
    return post(f"zone {name!r}", CRON_JOBS, {"metadata": {"name": f"a{number}"}, "spec": spec})


def revised(revision: str) -> dict[str, Any]:
    return {"metadata": {"name": "a", "resourceVersion": revision}, "data": {"x": "y"}}


def restarting(case: str, /, *, init: bool = False, **container: Any) -> Step:
    """A pod with a container that says itself when it is started again."""
    own = {"name": "c", "image": "i"} | container
    more = {"containers": [{"name": "main", "image": "i"}], "initContainers": [own]} if init else {}
    spec = {"containers": [own], "restartPolicy": "Never"} | more
    return post(case, PODS, {"metadata": {"name": case.replace(" ", "-")}, "spec": spec})


def rule(operator: str = "In", action: str = "Restart", **codes: Any) -> dict[str, Any]:
    return {"action": action, "exitCodes": {"operator": operator, "values": [42]} | codes}


STORIES = (
    story(
        "restarts of containers",
        restarting("always", restartPolicy="Always"),
        restarting("sometimes", restartPolicy="Sometimes"),
        restarting("by a rule", restartPolicy="Never", restartPolicyRules=[rule()]),
        restarting("by a rule alone", restartPolicyRules=[rule()]),
        restarting("by no codes", restartPolicy="Never", restartPolicyRules=[{"action": "Restart"}]),
        restarting("by another operator", restartPolicy="Never", restartPolicyRules=[rule("Near")]),
        restarting("by another action", restartPolicy="Never", restartPolicyRules=[rule(action="Stop")]),
        restarting("by no values", restartPolicy="Never", restartPolicyRules=[rule(values=[])]),
        restarting("by many rules", restartPolicy="Never", restartPolicyRules=[rule()] * 21),
        restarting("by many values", restartPolicy="Never", restartPolicyRules=[rule(values=[*range(257)])]),
        restarting("before others on failure", init=True, restartPolicy="OnFailure"),
        restarting("before others sometimes", init=True, restartPolicy="Sometimes"),
        restarting("before others by a rule", init=True, restartPolicy="Never", restartPolicyRules=[rule()]),
        restarting("beside others by a rule", init=True, restartPolicy="Always", restartPolicyRules=[rule()]),
    ),
    story(
        "time zones",
        *map(
            zone,
            range(20),
            ("Europe/Berlin", "Etc/UTC", "UTC", "bad-time-zone", "", "Local", "../UTC", "Europe/../UTC", "-a",
             "Etc/GMT+5", "Averyveryverylongname/UTC", "Nowhere/Land", "/UTC", "europe/berlin"),
        ),
    ),
    story(
        "revision zero",
        post("make it", CONFIG_MAPS, {"metadata": {"name": "a"}}),
        put("replace it", f"{CONFIG_MAPS}/a", revised("0")),
        patch("change it", f"{CONFIG_MAPS}/a", {"metadata": {"resourceVersion": "0"}, "data": {"x": "z"}}),
        put("replace an old one", f"{CONFIG_MAPS}/a", revised("1")),
        post("make a lease", LEASES, {"metadata": {"name": "a"}}),
        put("replace the lease", f"{LEASES}/a", {"metadata": {"name": "a", "resourceVersion": "0"}}),
    ),
)  # fmt: skip
