"""What nodes keep of objects."""

from __future__ import annotations

from typing import Any

from proa.kube import Object
from proa.kube.slim import SlicedEndpoint, Traits, slim_node, slim_service, slim_slice
from support.service_objects import endpoint, endpoint_slice, service


def told(obj: Object) -> Object:
    """The object with what servers add."""
    obj["metadata"] |= {"uid": "1", "resourceVersion": "7", "managedFields": [{"manager": "m"}]}
    return obj


def test_a_slice_keeps_who_takes_connections() -> None:
    hints = {"forZones": [{"name": "z1"}], "forNodes": [{"name": "node"}]}
    named = endpoint("10.42.1.1", hints=hints) | {"hostname": "db-0", "targetRef": {"kind": "Pod"}}
    leaving: dict[str, Any] = {"ready": False, "terminating": True}
    endpoints = [
        named,
        endpoint("10.42.1.2", ready=None),
        endpoint("10.42.1.3", **leaving),
        endpoint("10.42.1.4", serving=False, **leaving),
        endpoint("10.42.1.5", ready=False),
        endpoint("10.42.1.6") | {"addresses": []},
        {"addresses": ["10.42.1.7"]},
    ]
    kept = slim_slice(told(endpoint_slice(endpoints)))
    assert kept["metadata"] == {
        "name": "web-ipv4",
        "namespace": "d",
        "resourceVersion": "7",
        "labels": {"kubernetes.io/service-name": "web"},
    }
    assert (kept["addressType"], kept["ports"][0]["port"]) == ("IPv4", 8080)
    assert kept["endpoints"] == (
        SlicedEndpoint("10.42.1.1", Traits(True, "node", "db-0", frozenset({"z1"}), frozenset({"node"}))),
        SlicedEndpoint("10.42.1.2", Traits(True, "node")),
        SlicedEndpoint("10.42.1.3", Traits(False, "node")),
        SlicedEndpoint("10.42.1.7", Traits(True)),
    )


def test_what_is_alike_is_kept_once() -> None:
    one, other = (slim_slice(endpoint_slice([endpoint(f"10.42.1.{n}")], name=f"s{n}")) for n in (1, 2))
    assert one["ports"] is other["ports"]
    assert one["endpoints"][0].traits is other["endpoints"][0].traits


def test_a_service_keeps_its_addresses_ports_and_policies() -> None:
    made = told(service(ingress=[{"ip": "192.0.2.1"}], sessionAffinity="ClientIP", selector={"app": "web"}))
    kept = slim_service(made)
    assert kept["spec"] == {name: value for name, value in made["spec"].items() if name != "selector"}
    assert kept["status"] == made["status"]
    assert "managedFields" not in kept["metadata"]


def test_what_says_nothing_is_kept_as_that() -> None:
    assert slim_service({"metadata": {"name": "s", "namespace": "d"}})["spec"] == {"ports": []}
    assert slim_slice({"metadata": {"name": "s", "namespace": "d"}, "endpoints": None})["endpoints"] == ()


def test_a_node_keeps_its_labels_and_addresses() -> None:
    addresses = [{"type": "InternalIP", "address": "192.0.2.1"}]
    node = {
        "metadata": {"name": "n", "labels": {"a": "b"}},
        "status": {"addresses": addresses, "images": [1]},
    }
    assert slim_node(node) == {
        "metadata": {"name": "n", "labels": {"a": "b"}},
        "status": {"addresses": addresses},
    }
