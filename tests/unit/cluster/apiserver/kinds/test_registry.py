"""Finding kinds, and refusing the same one twice."""

import pytest

from proa.cluster.apiserver.kind import Group, read
from proa.cluster.apiserver.kinds import KINDS, Registry
from proa.cluster.apiserver.schema import SCHEMAS


def test_find_by_path_and_by_kind_agree() -> None:
    found = KINDS.find("apps", "v1", "deployments")
    assert found is not None
    assert KINDS.by_kind("apps/v1", "Deployment") is found
    assert KINDS.find("apps", "v1beta3", "deployments") is None


@pytest.mark.parametrize("again", [("things", "Other"), ("others", "Thing")])
def test_a_path_or_kind_is_declared_once(again: tuple[str, str]) -> None:
    group = Group("example.com")
    with pytest.raises(ValueError, match="declared twice"):
        Registry([group.namespaced("things", "Thing"), group.namespaced(*again)])


def test_every_kind_has_a_schema_and_so_has_its_list() -> None:
    for kind in KINDS:
        resource = kind.stored_as or kind.resource
        assert SCHEMAS.node(resource.api_version, resource.kind) is not None
        if "list" in kind.verbs:
            assert SCHEMAS.node(resource.api_version, kind.list_kind) is not None


def test_the_core_group_comes_first() -> None:
    assert next(iter(KINDS.group_versions)) == ""


def test_selectable_fields() -> None:
    kind = KINDS.find("", "v1", "pods")
    assert kind is not None
    pod = {"metadata": {"name": "p", "namespace": "n"}, "spec": {}, "status": {"phase": "Running"}}
    fields = kind.selectable(pod)
    assert fields["metadata.namespace"] == "n"
    assert fields["status.phase"] == "Running"
    assert fields["spec.nodeName"] == ""
    assert fields["spec.hostNetwork"] == "false"


def test_read_writes_booleans_as_json_does() -> None:
    assert read("spec", "on")({"spec": {"on": True}}) == "true"
    assert read("spec", "on", "deep")({"spec": {"on": True}}) == ""
