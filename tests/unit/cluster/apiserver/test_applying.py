"""Server-side apply over HTTP, beyond what test_writes compares with upstream's answers."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.options import WriteOptions, agent_name
from proa.kube import CONFIG_MAPS, PatchType

APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
ANN = "/api/v1/namespaces/default/configmaps/a?fieldManager=ann"
OBJECT = "/api/v1/namespaces/default/configmaps/a"


def config(**data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


async def test_yaml_is_taken(http: Any) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: v\n"
    answer = await http("PATCH", ANN, body, kind=APPLY)

    assert (answer.status, answer.body["data"]) == (201, {"k": "v"})


async def test_the_same_again_is_no_write(http: Any) -> None:
    first = await http("PATCH", ANN, config(k="v"), kind=APPLY)
    second = await http("PATCH", ANN, config(k="v"), kind=APPLY)

    assert second.status == 200
    assert second.body == first.body


async def test_a_dry_run_makes_nothing(http: Any) -> None:
    assert (await http("PATCH", f"{ANN}&dryRun=All", config(k="v"), kind=APPLY)).status == 201
    assert (await http("GET", OBJECT)).status == 404


async def test_what_is_applied_no_more_goes_and_what_is_others_stays(http: Any) -> None:
    await http("PATCH", ANN, config(k="v", l="w"), kind=APPLY)
    await http("PATCH", f"{OBJECT}?fieldManager=bob", {"data": {"m": "x"}}, kind=MERGE)
    await http("PATCH", ANN, config(k="v"), kind=APPLY)

    assert (await http("GET", OBJECT)).body["data"] == {"k": "v", "m": "x"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"foo": 1}, 'unknown field "foo"'),
        ({"data": {"k": 1}}, "cannot unmarshal number"),
        ({"kind": "Secret"}, "invalid object type: /v1, Kind=Secret"),
        ({"metadata": {"name": "b"}}, "does not match the name on the URL"),
    ],
)
async def test_what_is_no_such_configuration_is_refused(http: Any, wrong: Any, said: str) -> None:
    answer = await http("PATCH", ANN, config(k="v") | wrong, kind=APPLY)

    assert answer.status == 400
    assert said in answer.body["message"]


async def test_a_list_is_no_configuration(http: Any) -> None:
    assert (await http("PATCH", ANN, [], kind=APPLY)).status == 400


async def test_a_change_of_nothing_leaves_owners_and_version(http: Any) -> None:
    first = (await http("PATCH", ANN, config(k="v"), kind=APPLY)).body
    same = await http("PATCH", f"{OBJECT}?fieldManager=bob", {"data": {"k": "v"}}, kind=MERGE)

    assert same.body == first


async def test_in_process_writes_bear_the_name_of_the_component(server: ApiServer) -> None:
    client = server.client(component="janitor")
    made = await client.create(CONFIG_MAPS, config(k="v"), "default")
    applied = await client.patch(
        CONFIG_MAPS, "a", config(l="w"), "default", kind=PatchType.APPLY, field_manager="ann"
    )

    assert [entry["manager"] for entry in made["metadata"]["managedFields"]] == ["janitor"]
    assert {entry["manager"] for entry in applied["metadata"]["managedFields"]} == {"janitor", "ann"}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("kubectl/v1.37.2 (linux/amd64) kubernetes/abc", "kubectl"),
        ("", ""),
        ("tab\tbed/1", "tabbed"),
        ("x" * 200, "x" * 128),
    ],
)
def test_the_program_is_named_by_its_user_agent(header: str, name: str) -> None:
    assert agent_name(header) == name


def test_a_named_manager_comes_before_the_program() -> None:
    assert WriteOptions(field_manager="ann", agent="kubectl").manager == "ann"
    assert WriteOptions(agent="kubectl").manager == "kubectl"
    assert WriteOptions().manager == "unknown"
