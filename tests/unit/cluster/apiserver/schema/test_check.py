"""What the schemas find in an object."""

from typing import Any

import pytest

from proa.cluster.apiserver.schema import SCHEMAS, Findings

Object = dict[str, Any]
CONTAINER = {"name": "c", "image": "i"}


def check(kind: str, **fields: Any) -> Findings:
    version = "apps/v1" if kind == "Deployment" else "v1"
    return SCHEMAS.check(version, kind, {"apiVersion": version, "kind": kind, **fields})


def check_pod(**spec: Any) -> Findings:
    return check("Pod", metadata={"name": "p"}, spec={"containers": [CONTAINER], **spec})


def test_a_good_object_has_no_findings() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    assert check_pod(volumes=volumes, nodeSelector={"a": "b"}, hostname=None) == Findings()


UNKNOWN: dict[str, tuple[Object, list[str]]] = {
    "at the top": ({"foo": 1, "spec": {"containers": [CONTAINER]}}, ['unknown field "foo"']),
    "in an object": ({"spec": {"containers": [CONTAINER], "foo": 1}}, ['unknown field "spec.foo"']),
    "in an element": (
        {"spec": {"containers": [{**CONTAINER, "nme": 1}]}},
        ['unknown field "spec.containers[0].nme"'],
    ),
    "in metadata": ({"metadata": {"lables": {}}}, ['unknown field "metadata.lables"']),
    "several": ({"a": 1, "status": {"b": 2}}, ['unknown field "a"', 'unknown field "status.b"']),
}


@pytest.mark.parametrize(("fields", "messages"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_fields(fields: Object, messages: list[str]) -> None:
    assert check("Pod", **fields).unknown == messages


MALFORMED: dict[str, tuple[Object, str]] = {
    "number for text": (
        {"hostname": 1},
        "cannot unmarshal number into Go struct field PodSpec.spec.hostname of type string",
    ),
    "text for number": (
        {"priority": "1"},
        "cannot unmarshal string into Go struct field PodSpec.spec.priority of type int32",
    ),
    "fraction for number": (
        {"priority": 1.5},
        "cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32",
    ),
    "true for number": (
        {"priority": True},
        "cannot unmarshal bool into Go struct field PodSpec.spec.priority of type int32",
    ),
    "too large for 32 bits": ({"priority": 1 << 31}, "of type int32"),
    "list for object": (
        {"securityContext": []},
        "array into Go struct field PodSpec.spec.securityContext of type v1.PodSecurityContext",
    ),
    "text in a list": ({"tolerations": "x"}, "of type []v1.Toleration"),
    "number in a map": (
        {"nodeSelector": {"a": 1}},
        "cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string",
    ),
    "within an element": ({"containers": [{"name": 1}]}, "Container.spec.containers.name of type string"),
    "no quantity": (
        {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": "much"}}}]},
        "quantities must match the regular expression",
    ),
}


@pytest.mark.parametrize(("spec", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_wrong_types_are_worded_as_a_decoder_does(spec: Object, message: str) -> None:
    malformed = check_pod(**spec).malformed
    assert malformed.startswith('Pod in version "v1" cannot be handled as a Pod: ')
    assert message in malformed


def test_quantities_and_ports_may_be_numbers_or_text() -> None:
    resources = {"limits": {"cpu": 1, "memory": "1Gi"}}
    probes = [{"httpGet": {"port": port}} for port in ("web", 80)]
    containers = [{**CONTAINER, "resources": resources, "livenessProbe": probe} for probe in probes]
    assert check_pod(containers=containers) == Findings()


@pytest.mark.parametrize(
    ("data", "good"), [("aGk=", True), ("aGk\n=", True), ("no base64!", False), ("", True)]
)
def test_bytes_are_base64(data: str, good: bool) -> None:
    assert (check("Secret", data={"key": data}).malformed == "") == good


def test_required_fields() -> None:
    findings = check("Deployment", spec={"template": {"spec": {"containers": [{"image": "x"}]}}})
    assert [str(error) for error in findings.errors] == [
        "spec.template.spec.containers[0].name: Required value",
        "spec.selector: Required value",
    ]


def test_nothing_is_required_of_a_status() -> None:
    assert (
        check("Pod", spec={"containers": [CONTAINER]}, status={"containerStatuses": [{"name": "c"}]})
        == Findings()
    )


def test_open_objects_take_anything() -> None:
    field = {"manager": "m", "fieldsV1": {"f:metadata": {"f:labels": {".": {}}}}}
    assert check("Pod", metadata={"managedFields": [field]}, spec={"containers": [CONTAINER]}).unknown == []


def test_schemas_of_schemas_end() -> None:
    schema: Object = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "as", "kind": "A"}
    spec = {"group": "g", "scope": "Cluster", "names": names, "versions": [version]}
    assert SCHEMAS.check("apiextensions.k8s.io/v1", "CustomResourceDefinition", {"spec": spec}) == Findings()


def test_a_kind_without_schema_has_no_findings() -> None:
    assert SCHEMAS.check("example.com/v1", "Thing", {"anything": 1}) == Findings()
