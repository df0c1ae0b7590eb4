"""The roles that a cluster begins with, what keeps them, and what covers what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver import ApiServer, roles
from proa.cluster.apiserver.aggregation_rules import aggregated, settled
from proa.cluster.apiserver.authorizer import Action, allows
from proa.cluster.apiserver.escalation import FULL, describe, uncovered
from proa.cluster.apiserver.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES
from proa.cluster.apiserver.role_reconciliation import complete
from proa.kube.resources import Object
from support.server import api_server

GET = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
LIST = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}


def role(name: str, *rules: Object, aggregates: str = "", **labels: str) -> Object:
    obj: dict[str, Any] = {"metadata": {"name": name, "labels": labels}, "rules": list(rules)}
    if aggregates:
        obj["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {aggregates: "true"}}]}
    return obj


async def test_a_new_cluster_has_upstream_s_roles(server: ApiServer) -> None:
    client = server.client()
    names = {r["metadata"]["name"]: r for r in (await client.list(CLUSTER_ROLES))["items"]}

    assert {"cluster-admin", "admin", "edit", "view", "system:node", "system:kube-scheduler"} <= set(names)
    assert len(names) == 74
    assert allows(names["view"]["rules"], Action("get", "", "configmaps"))
    assert not allows(names["view"]["rules"], Action("get", "", "secrets"))
    assert allows(names["edit"]["rules"], Action("create", "apps", "deployments"))
    assert not allows(names["edit"]["rules"], Action("create", "rbac.authorization.k8s.io", "roles"))
    assert allows(names["admin"]["rules"], Action("create", "rbac.authorization.k8s.io", "roles"))


async def test_a_start_gives_back_what_somebody_took_and_keeps_what_they_added(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        view = await client.get(CLUSTER_ROLES, "system:discovery")
        extra = {"apiGroups": ["x"], "resources": ["y"], "verbs": ["get"]}
        await client.update(CLUSTER_ROLES, {**view, "rules": [extra]})
        await client.delete(CLUSTER_ROLE_BINDINGS, "system:discovery")
        notes = {"metadata": {"annotations": {roles.AUTO_UPDATE: "false"}}, "rules": []}
        await client.patch(CLUSTER_ROLES, "system:basic-user", notes)
    async with api_server(tmp_path) as server:
        client = server.client()
        rules = (await client.get(CLUSTER_ROLES, "system:discovery"))["rules"]
        assert extra in rules
        assert allows(rules, Action("get", path="/apis/x"))
        assert await client.get(CLUSTER_ROLE_BINDINGS, "system:discovery")
        assert not (await client.get(CLUSTER_ROLES, "system:basic-user")).get("rules")


def test_a_binding_to_another_role_is_made_anew() -> None:
    bound = {"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "x"}}
    assert complete(bound, {**bound, "roleRef": {"kind": "ClusterRole", "name": "y"}}) is None


def test_what_aggregates_may_be_aggregated() -> None:
    present = [role("a", aggregates="to-a"), role("b", aggregates="to-b", **{"to-a": "true"})]
    present += [role("c", GET, LIST, **{"to-b": "true"}), role("d", GET, **{"to-a": "true"})]

    changed = {r["metadata"]["name"]: r["rules"] for r in settled(present)}

    assert changed["b"] == [GET, LIST]
    assert sorted(map(str, changed["a"])) == sorted(map(str, [GET, LIST]))
    assert aggregated(present[2], present) is None


def test_what_lacks_is_told_by_thing_and_verbs() -> None:
    wanted = [{"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get", "list"]}]
    assert describe(uncovered([GET], wanted)) == (
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n'
        '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}'
    )


WORDS = st.lists(st.sampled_from(["a", "b", "c/d", "*"]), min_size=1, max_size=3, unique=True)
RULES = st.lists(
    st.fixed_dictionaries({"apiGroups": WORDS, "resources": WORDS, "verbs": WORDS}), min_size=1, max_size=4
)


@given(RULES)
def test_rules_cover_themselves_and_everything_covers_them(rules: list[Object]) -> None:
    assert uncovered(rules, rules) == []
    assert uncovered(FULL, rules) == []


@given(RULES, RULES)
def test_what_is_covered_is_allowed_already(held: list[Object], wanted: list[Object]) -> None:
    lacking = uncovered(held, wanted)
    for rule in wanted:
        for verb in rule["verbs"]:
            for resource in rule["resources"]:
                for group in rule["apiGroups"]:
                    name, _, sub = resource.partition("/")
                    action = Action(verb, group, name, sub)
                    plain = "*" not in (verb, resource, group)
                    if plain and not lacking:
                        assert allows(held, action)
