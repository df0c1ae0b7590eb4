"""Discovery: what the corpus does not show."""

import json

import pytest

from proa.cluster.apiserver.discovery import Discovery
from proa.cluster.apiserver.kinds import KINDS

DISCOVERY = Discovery(KINDS)


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


@pytest.mark.parametrize(("group", "version"), [("nope", "v1"), ("apps", "v1beta3"), ("", "v2")])
def test_unknown_versions_have_no_list(group: str, version: str) -> None:
    assert DISCOVERY.resource_list(group, version) is None
    assert DISCOVERY.group("nope") is None
