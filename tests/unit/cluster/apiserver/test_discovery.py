"""Discovery beside what kube-apiserver 1.37.2 answers (recorded in golden/)."""

import json
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver.discovery import Discovery
from proa.cluster.apiserver.kinds import KINDS

DISCOVERY = Discovery(KINDS)
GOLDEN = (Path(__file__).parent / "golden/discovery-1.37.2.txt").read_text().splitlines()
NOT_SERVED = {"autoscaling/v1"}
ALL_VERBS = "create+delete+deletecollection+get+list+patch+update+watch"


def line(group_version: str, row: dict[str, Any]) -> str:
    """A row of an APIResourceList in the form of the golden file."""
    kind = "/".join([row["group"], row["version"], row["kind"]]) if "group" in row else row["kind"]
    verbs = {ALL_VERBS: "all", "get+patch+update": "rw"}.get("+".join(row["verbs"]), "+".join(row["verbs"]))
    scope = "namespaced" if row["namespaced"] else "cluster"
    short, categories = ",".join(row.get("shortNames", ())), ",".join(row.get("categories", ()))
    return f"{group_version} {row['name']} {kind} {scope} verbs={verbs} short={short} categories={categories}"


def resource_lists() -> list[dict[str, Any]]:
    versions = [(group, version) for group, found in KINDS.group_versions.items() for version in found]
    return [json.loads(DISCOVERY.resource_list(*pair) or b"") for pair in versions]


def test_resource_lists_are_those_of_kubernetes() -> None:
    ours = [line(found["groupVersion"], row) for found in resource_lists() for row in found["resources"]]
    theirs = [entry for entry in GOLDEN if entry.split()[0] not in NOT_SERVED]
    assert ours == theirs


def test_groups_have_their_preferred_version() -> None:
    groups = json.loads(DISCOVERY.group_list)["groups"]
    assert groups[0]["name"] == "apiregistration.k8s.io"
    apps = json.loads(DISCOVERY.group("apps") or b"")
    assert apps["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}


def test_core_versions_name_the_server() -> None:
    body = json.loads(DISCOVERY.api_versions("192.0.2.1:6443"))
    assert body["versions"] == ["v1"]
    assert body["serverAddressByClientCIDRs"][0]["serverAddress"] == "192.0.2.1:6443"


def test_aggregated_core_has_pods_with_their_subresources() -> None:
    (item,) = json.loads(DISCOVERY.core_aggregated)["items"]
    (pods,) = [found for found in item["versions"][0]["resources"] if found["resource"] == "pods"]
    assert pods["scope"] == "Namespaced"
    assert pods["shortNames"] == ["po"]
    eviction = next(sub for sub in pods["subresources"] if sub["subresource"] == "eviction")
    assert eviction["responseKind"] == {"group": "policy", "version": "v1", "kind": "Eviction"}


def test_aggregated_groups_are_current_and_without_the_core() -> None:
    document = json.loads(DISCOVERY.groups_aggregated)
    assert document["apiVersion"] == "apidiscovery.k8s.io/v2"
    assert {version["freshness"] for item in document["items"] for version in item["versions"]} == {"Current"}
    assert all(item["metadata"]["name"] for item in document["items"])


@pytest.mark.parametrize(("group", "version"), [("nope", "v1"), ("apps", "v1beta1"), ("", "v2")])
def test_unknown_versions_have_no_list(group: str, version: str) -> None:
    assert DISCOVERY.resource_list(group, version) is None
    assert DISCOVERY.group("nope") is None
