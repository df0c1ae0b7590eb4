"""Creates beside the answers of kube-apiserver 1.37.2 (recorded by scripts/record-answers).

What is compared is the work of schemas, defaults and validation: no store, no admission.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver import object_rules
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.schema import SCHEMAS, invalid
from proa.cluster.apiserver.target import Target

GOLDEN = Path(__file__).parent / "golden/creates-1.37.2.jsonl"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in map(json.loads, GOLDEN.read_text().splitlines())
}

ELSEWHERE = (
    "metadata.finalizers",  # admission: protection of volumes and claims
    "spec.clusterIP", "spec.ipFamilies", "spec.ipFamilyPolicy",  # allocation of service addresses
    "spec.taints",  # admission: a new node is not ready
    "status.lastPhaseTransitionTime", "status.conditions[0].lastTransitionTime",  # the clock
    "status.nodeInfo", "status.daemonEndpoints",  # zeros until a kubelet writes them
    "status.acceptedNames", "status.storedVersions",  # the controller of custom resources
    "metadata.annotations.deprecated.daemonset.template.generation",  # counts in a retired field
)  # fmt: skip
"""What others than these engines fill in."""

GO_STRUCTS = {
    "bad: deploy strategy", "bad: sts policy", "bad: svc dup ports", "bad: pdb both",
}  # fmt: skip
"""Here upstream prints the value with the field names of its own source code."""

OTHER_WORDS = {
    "bad: pod antiaffinity": "the empty key is said to be empty, not also to break the pattern",
}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, plain value) of all that is not null; empty lists are nothing, empty objects are there."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def compared(obj: dict[str, Any]) -> dict[str, Any]:
    obj["metadata"].pop("uid", None)
    if obj["kind"] == "Pod":
        for name in ("serviceAccount", "serviceAccountName"):
            obj["spec"].pop(name, None)
    found = {path: value for path, value in leaves(obj) if not path.startswith(ELSEWHERE)}
    return {path: value for path, value in found.items() if path not in ("spec", "status")}


def create(obj: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A create, as far as it needs no server: the code, and the object or the Status."""
    kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
    assert kind is not None
    findings = SCHEMAS.check(obj["apiVersion"], obj["kind"], obj)
    if findings.malformed or findings.unknown:
        return 400, {"message": findings.malformed or findings.unknown[0], "causes": []}
    SCHEMAS.prune(obj["apiVersion"], obj["kind"], obj)
    namespace = {"namespace": "default"} if kind.resource.namespaced else {}
    generation = {"generation": 1} if kind.generation else {}
    obj["metadata"] |= namespace | generation | {"uid": "UID"}
    if "status" in kind.subresources:
        kind.first_status(obj)
    kind.default(obj)
    kind.add(obj)
    errors = object_rules.validate(obj, Target(kind, "default")) + findings.errors + kind.validate(obj)
    if errors:
        return 422, invalid(
            obj["kind"], kind.resource.group, obj["metadata"].get("name", ""), errors
        ).status()
    return 201, obj


def case_named(name: str) -> dict[str, Any]:
    """A copy of a case, to be changed at will."""
    return dict(json.loads(json.dumps(CASES[name])))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["code"] == 201])
def test_what_is_accepted_gets_the_same_defaults(name: str) -> None:
    case = case_named(name)
    code, obj = create(case["object"])
    assert code == 201, obj
    assert compared(obj) == compared(case["answer"])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["code"] == 422])
def test_what_is_invalid_is_so_for_the_same_reasons(name: str) -> None:
    case = case_named(name)
    code, status = create(case["object"])
    assert code == 422, status
    causes = status["details"]["causes"]
    if name in OTHER_WORDS:
        assert {cause["field"] for cause in causes} == {cause["field"] for cause in case["answer"]["causes"]}
    elif name in GO_STRUCTS:
        assert {(c["field"], c["reason"]) for c in causes} == {
            (c["field"], c["reason"]) for c in case["answer"]["causes"]
        }
    else:
        assert sorted(causes, key=json.dumps) == case["answer"]["causes"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["code"] == 400])
def test_what_cannot_be_read_is_refused_in_the_same_words(name: str) -> None:
    case = case_named(name)
    code, status = create(case["object"])
    assert code == 400
    assert case["answer"]["message"].endswith(status["message"])
