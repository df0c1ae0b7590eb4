"""Requests of Kubernetes' own end-to-end tests which the conformance tests do not make."""

from __future__ import annotations

from typing import Any

from corpus.story import Step, patch, post, put, story

CONFIG_MAPS = "/api/v1/namespaces/<ns>/configmaps"
CRON_JOBS = "/apis/batch/v1/namespaces/<ns>/cronjobs"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases"


def zone(number: int, name: str) -> Step:
    template = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
    spec = {"schedule": "@daily", "timeZone": name, "jobTemplate": {"spec": {"template": template}}}
    return post(f"zone {name!r}", CRON_JOBS, {"metadata": {"name": f"a{number}"}, "spec": spec})


def revised(revision: str) -> dict[str, Any]:
    return {"metadata": {"name": "a", "resourceVersion": revision}, "data": {"x": "y"}}


STORIES = (
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
