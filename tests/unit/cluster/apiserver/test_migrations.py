"""StorageVersionMigrations."""

from __future__ import annotations

from typing import Any

import pytest

MIGRATIONS = "/apis/storagemigration.k8s.io/v1/storageversionmigrations"
MERGE = "application/merge-patch+json"


def migration(**resource: str) -> dict[str, Any]:
    return {"metadata": {"name": "m"}, "spec": {"resource": resource}}


def condition(type_: str, status: str) -> dict[str, str]:
    when = "2026-01-01T00:00:00Z"
    return {"type": type_, "status": status, "reason": "R", "message": "", "lastTransitionTime": when}


async def test_an_empty_group_is_the_core_s(http: Any) -> None:
    answer = await http("POST", MIGRATIONS, migration(group="", resource="pods"))

    assert (answer.status, answer.body["spec"]["resource"]) == (201, {"group": "", "resource": "pods"})


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        ({}, "spec.resource.resource: Required value: resource is required to be set"),
        ({"resource": "1x"}, 'spec.resource.resource: Invalid value: "1x": a DNS-1035 label must'),
        ({"resource": "x", "group": "A"}, 'spec.resource.group: Invalid value: "A": a lowercase RFC 1123'),
    ],
)
async def test_what_it_names_is_a_resource(http: Any, resource: dict[str, str], problem: str) -> None:
    answer = await http("POST", MIGRATIONS, migration(**resource))

    assert answer.status == 422
    assert problem in answer.body["message"]


async def test_it_is_for_good(http: Any) -> None:
    await http("POST", MIGRATIONS, migration(resource="pods"))
    answer = await http("PATCH", f"{MIGRATIONS}/m", {"spec": {"resource": {"resource": "x"}}}, kind=MERGE)

    assert (answer.status, answer.body["details"]["causes"][0]["field"]) == (422, "spec")


async def test_what_has_ended_stays_so(http: Any) -> None:
    await http("POST", MIGRATIONS, migration(resource="pods"))

    async def report(*conditions: dict[str, str]) -> int:
        change = {"status": {"conditions": list(conditions)}}
        answer = await http("PATCH", f"{MIGRATIONS}/m/status", change, kind=MERGE)
        return int(answer.status)

    assert await report(condition("Succeeded", "True"), condition("Failed", "True")) == 422
    assert await report(condition("Succeeded", "True")) == 200
    assert await report(condition("Succeeded", "False")) == 422
