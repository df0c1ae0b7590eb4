"""Times in built-in objects: what is one, how it is kept, what is said of a text that is none."""

from __future__ import annotations

from typing import Any

from corpus.story import JSON_PATCH, STRATEGIC, Step, apply, get, patch, post, put, story

LEASES = "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases"
EVENTS = "/api/v1/namespaces/<ns>/events"
PODS = "/api/v1/namespaces/<ns>/pods"
CM = "/api/v1/namespaces/<ns>/configmaps"
CRON_JOBS = "/apis/batch/v1/namespaces/<ns>/cronjobs"
POD = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
YAML = "application/yaml"

TEXTS = {
    "whole seconds": "2020-02-29T01:02:03Z",
    "six digits": "2020-02-29T01:02:03.456789Z",
    "three digits": "2020-02-29T01:02:03.456Z",
    "nine digits": "2020-02-29T01:02:03.456789999Z",
    "a comma": "2020-02-29T01:02:03,456789Z",
    "zeros": "2020-02-29T01:02:03.000000Z",
    "east": "2020-02-29T01:02:03.000000+05:30",
    "east, whole": "2020-02-29T01:02:03+05:30",
    "west": "2020-12-31T23:02:03.000000-08:00",
    "no zone": "2020-02-29T01:02:03",
    "a zone without colon": "2020-02-29T01:02:03+0530",
    "a wide zone": "2020-02-29T01:02:03.000000+25:00",
    "a zone of 24 hours": "2020-02-29T01:02:03.000000+24:00",
    "a zone of 61 minutes": "2020-02-29T01:02:03.000000+01:61",
    "small letters": "2020-02-29t01:02:03z",
    "a space": "2020-02-29 01:02:03Z",
    "an hour of one digit": "2020-02-29T1:02:03.000000Z",
    "an hour of one digit, whole": "2020-02-29T1:02:03Z",
    "a minute of one digit": "2020-02-29T01:2:03Z",
    "month 13": "2020-13-29T01:02:03.000000Z",
    "month 0": "2020-00-29T01:02:03Z",
    "day 30 of February": "2020-02-30T01:02:03.000000Z",
    "day 0": "2020-02-00T01:02:03Z",
    "hour 24": "2020-02-29T24:02:03.000000Z",
    "minute 60": "2020-02-29T01:60:03.000000Z",
    "second 60": "2020-02-29T01:02:60.000000Z",
    "year 0": "0000-01-01T00:00:00.000000Z",
    "year 1": "0001-01-01T00:00:00.000000Z",
    "year 1, whole": "0001-01-01T00:00:00Z",
    "year 9999": "9999-12-31T23:59:59.999999Z",
    "year 10000": "10000-01-01T00:00:00Z",
    "before year 0": "0000-01-01T00:00:00.000000+01:00",
    "after year 9999": "9999-12-31T23:59:59.999999-01:00",
    "a date": "2020-02-29",
    "an empty text": "",
    "a word": "soon",
    "a word with quotes": 'a "soon"',
    "something after it": "2020-02-29T01:02:03Z and more",
    "other letters": "\uff12\uff1020-02-29T01:02:03Z",
    "an accent": "é",
    "a number": 1582938123,
    "true": True,
    "null": None,
    "a list": [],
}


def lease(time: Any) -> dict[str, Any]:
    return {"metadata": {"generateName": "l-"}, "spec": {"renewTime": time}}


def event(time: Any) -> dict[str, Any]:
    about = {"namespace": "<ns>", "kind": "Pod", "name": "p"}
    return {"metadata": {"generateName": "e-"}, "involvedObject": about, "firstTimestamp": time}


def status(time: Any) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": time}]}}


def job(time: Any) -> dict[str, Any]:
    return {"status": {"lastScheduleTime": time}}


def microseconds() -> tuple[Step, ...]:
    """One Lease a text."""
    return tuple(post(f"{name}, micro", LEASES, lease(text), only=ONLY) for name, text in TEXTS.items())


def seconds() -> tuple[Step, ...]:
    """One Event a text."""
    return tuple(post(f"{name}, whole", EVENTS, event(text), only=ONLY) for name, text in TEXTS.items())


ONLY = ("spec.renewTime", "firstTimestamp", "message", "reason", "code")
OBJECT = ("metadata.managedFields", "spec", "status", "message", "reason", "code")
LEASE = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}}
GOOD = "2020-02-29T01:02:03.456789Z"

STORIES = (
    story("microseconds", *microseconds()),
    story("seconds", *seconds()),
    story(
        "writes",
        post(
            "a lease", LEASES, {**LEASE, "spec": {"renewTime": GOOD}}, keep={"rv": "metadata.resourceVersion"}
        ),
        put(
            "replace it badly",
            f"{LEASES}/l",
            {**LEASE, "metadata": {"name": "l", "resourceVersion": "<rv>"}, "spec": {"renewTime": "x"}},
        ),
        patch("merge it badly", f"{LEASES}/l", {"spec": {"renewTime": "x"}}),
        patch("merge a time without microseconds", f"{LEASES}/l", {"spec": {"renewTime": GOOD[:19] + "Z"}}),
        patch("strategically, badly", f"{LEASES}/l", {"spec": {"renewTime": "x"}}, STRATEGIC),
        patch("strategically, a number", f"{LEASES}/l", {"spec": {"renewTime": 1}}, STRATEGIC),
        patch(
            "JSON patch, badly",
            f"{LEASES}/l",
            [{"op": "replace", "path": "/spec/renewTime", "value": "x"}],
            JSON_PATCH,
        ),
        apply("apply badly", f"{LEASES}/l", {**LEASE, "spec": {"acquireTime": "x"}}),
        apply(
            "apply a new one badly",
            f"{LEASES}/m",
            {**LEASE, "metadata": {"name": "m"}, "spec": {"renewTime": "x"}},
        ),
        apply(
            "apply another zone",
            f"{LEASES}/l",
            {**LEASE, "spec": {"acquireTime": "2020-02-29T01:02:03.000000+05:30"}},
        ),
        apply(
            "apply another zone again",
            f"{LEASES}/l",
            {**LEASE, "spec": {"acquireTime": "2020-02-29T01:02:03.000000+05:30"}},
        ),
        apply("apply null", f"{LEASES}/l", {**LEASE, "spec": {"acquireTime": None}}),
        post("YAML, badly", LEASES, "metadata: {name: yaml}\nspec: {renewTime: 2020-02-29}\n", type=YAML),
        post(
            "YAML, well",
            LEASES,
            "metadata: {name: yaml}\nspec: {renewTime: 2020-02-29T01:02:03.000001Z}\n",
            type=YAML,
            only=OBJECT,
        ),
        post("a pod", PODS, POD, only=("code",)),
        patch("a bad condition", f"{PODS}/p/status", status("x")),
        patch("a bad condition, strategically", f"{PODS}/p/status", status("x"), STRATEGIC),
        patch(
            "a condition in another zone",
            f"{PODS}/p/status",
            status("2020-02-29T01:02:03.9+05:30"),
            STRATEGIC,
            only=("status.conditions",),
        ),
        patch(
            "a condition of no time", f"{PODS}/p/status", status(None), STRATEGIC, only=("status.conditions",)
        ),
        patch(
            "a condition of the year 1",
            f"{PODS}/p/status",
            status("0001-01-01T00:00:00Z"),
            STRATEGIC,
            only=("status.conditions",),
        ),
        patch("a bad start", f"{PODS}/p/status", {"status": {"startTime": "x"}}),
        patch(
            "a start of the year 1",
            f"{PODS}/p/status",
            {"status": {"startTime": "0001-01-01T00:00:00Z"}},
            only=("status.startTime",),
        ),
        get("a pod then", f"{PODS}/p", only=("status.startTime", "status.conditions")),
    ),
    story(
        "metadata",
        post("a bad creation", CM, {"metadata": {"name": "a", "creationTimestamp": "x"}}),
        post(
            "a creation of null", CM, {"metadata": {"name": "a", "creationTimestamp": None}}, only=("code",)
        ),
        post("a bad deletion", CM, {"metadata": {"name": "b", "deletionTimestamp": "x"}}),
        post(
            "a creation in a template",
            "/apis/apps/v1/namespaces/<ns>/deployments",
            {
                "metadata": {"name": "d"},
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {
                        "metadata": {"labels": {"a": "b"}, "creationTimestamp": "x"},
                        "spec": POD["spec"],
                    },
                },
            },
        ),
        post(
            "a good creation in a template",
            "/apis/apps/v1/namespaces/<ns>/deployments",
            {
                "metadata": {"name": "d"},
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {
                        "metadata": {"labels": {"a": "b"}, "creationTimestamp": "2020-02-29T01:02:03+01:00"},
                        "spec": POD["spec"],
                    },
                },
            },
            only=("spec.template.metadata", "message"),
        ),
        post(
            "bad owners of fields",
            CM,
            {
                "metadata": {
                    "name": "c",
                    "managedFields": [
                        {
                            "manager": "m",
                            "operation": "Update",
                            "apiVersion": "v1",
                            "time": "x",
                            "fieldsType": "FieldsV1",
                            "fieldsV1": {},
                        }
                    ],
                }
            },
        ),
    ),
)
