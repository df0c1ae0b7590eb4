"""Objects as they are stored."""

from typing import Any

from proa.cluster.apiserver.schema import SCHEMAS


def test_unknown_fields_and_nulls_go_and_the_rest_stays() -> None:
    obj: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "foo": 1,
        "metadata": {"name": "p", "labels": {"any": "label"}, "bar": 2, "annotations": None},
        "spec": {
            "containers": [{"name": "c", "baz": 3, "env": [{"name": "e", "value": ""}]}],
            "hostname": None,
        },
    }
    SCHEMAS.prune("v1", "Pod", obj)
    assert obj == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": {"any": "label"}},
        "spec": {"containers": [{"name": "c", "env": [{"name": "e"}]}]},
    }


def test_what_upstream_always_writes_is_there() -> None:
    obj: dict[str, Any] = {"kind": "Pod", "metadata": {}, "spec": {"containers": [{"name": "c"}]}}
    SCHEMAS.complete("v1", "Pod", obj)
    assert obj["spec"] == {"containers": [{"name": "c", "resources": {}}]}
    role: dict[str, Any] = {"kind": "ClusterRole", "metadata": {}}
    SCHEMAS.complete("rbac.authorization.k8s.io/v1", "ClusterRole", role)
    assert role["rules"] is None


def test_a_status_put_on_a_kind_without_one_goes() -> None:
    obj = {"kind": "ConfigMap", "data": {"a": "b"}, "status": {"kopf": {}}}
    SCHEMAS.prune("v1", "ConfigMap", obj)
    assert obj == {"kind": "ConfigMap", "data": {"a": "b"}}


def test_open_objects_keep_everything() -> None:
    obj: dict[str, Any] = {"kind": "ControllerRevision", "data": {"spec": {"deep": [None, {"x": None}]}}}
    SCHEMAS.prune("apps/v1", "ControllerRevision", obj)
    assert obj["data"] == {"spec": {"deep": [None, {"x": None}]}}


def test_quantities_become_canonical() -> None:
    limits = {"cpu": 0.5, "memory": "1024Mi"}
    obj: dict[str, Any] = {"spec": {"containers": [{"name": "c", "resources": {"limits": limits}}]}}
    SCHEMAS.prune("v1", "Pod", obj)
    assert limits == {"cpu": "500m", "memory": "1Gi"}
