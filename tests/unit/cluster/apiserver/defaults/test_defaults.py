"""Defaults: what the corpus does not show."""

import base64
import copy
from typing import Any

import pytest

from corpus.tables import rows
from proa.cluster.apiserver.defaults.pods import is_latest
from proa.cluster.apiserver.defaults.qos import qos_class
from proa.cluster.apiserver.kinds import KINDS

Object = dict[str, Any]
ACCEPTED = {name: obj for name, _, obj in rows("creates") if name.startswith("good")}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_second_time_changes_nothing(name: str) -> None:
    obj = copy.deepcopy(ACCEPTED[name])
    kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
    assert kind is not None
    kind.default(obj)
    once = copy.deepcopy(obj)
    kind.default(obj)
    assert obj == once


@pytest.mark.parametrize(
    ("image", "latest"),
    [
        ("busybox", True),
        ("busybox:latest", True),
        ("busybox:1", False),
        ("reg:5000/busybox", True),
        ("reg:5000/busybox:1", False),
        ("busybox@sha256:abc", False),
        ("busybox:latest@sha256:abc", True),
    ],
)
def test_latest(image: str, latest: bool) -> None:
    assert is_latest(image) is latest


def pod(*resources: Object) -> Object:
    return {"spec": {"containers": [{"name": str(i), "resources": r} for i, r in enumerate(resources)]}}


FULL = {"cpu": "1", "memory": "1Gi"}
CLASSES: dict[str, tuple[Object, str]] = {
    "nothing": (pod({}), "BestEffort"),
    "zeros": (pod({"requests": {"cpu": "0"}}), "BestEffort"),
    "limits alone": (pod({"limits": FULL}), "Guaranteed"),
    "limits and the same requests": (
        pod({"limits": FULL, "requests": {"cpu": "1000m", "memory": "1024Mi"}}),
        "Guaranteed",
    ),
    "less requested": (pod({"limits": FULL, "requests": {"cpu": "500m"}}), "Burstable"),
    "memory not limited": (pod({"limits": {"cpu": "1"}}), "Burstable"),
    "one container without": (pod({"limits": FULL}, {}), "Burstable"),
    "only other resources": (pod({"requests": {"ephemeral-storage": "1Gi"}}), "BestEffort"),
    "the pod as a whole": ({"spec": {"resources": {"limits": FULL}, "containers": [{}]}}, "Guaranteed"),
}


@pytest.mark.parametrize(("obj", "expected"), CLASSES.values(), ids=CLASSES.keys())
def test_quality_of_service(obj: Object, expected: str) -> None:
    assert qos_class(obj) == expected


def test_string_data_of_a_secret_wins_and_vanishes() -> None:
    secret: Object = {"metadata": {}, "data": {"a": "b2xk"}, "stringData": {"a": "new"}}
    kind = KINDS.by_kind("v1", "Secret")
    assert kind is not None
    kind.default(secret)
    assert secret["data"] == {"a": base64.b64encode(b"new").decode()}
    assert "stringData" not in secret


def test_a_job_with_a_chosen_selector_keeps_it() -> None:
    spec = {"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {}}}
    job: Object = {"metadata": {"name": "j", "uid": "U"}, "spec": spec}
    kind = KINDS.by_kind("batch/v1", "Job")
    assert kind is not None
    kind.default(job)
    assert job["spec"]["selector"] == {"matchLabels": {"a": "b"}}
    assert job["spec"]["template"]["metadata"] == {}
