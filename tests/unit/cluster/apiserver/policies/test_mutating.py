"""MutatingAdmissionPolicies, as clients meet them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from support.server import api_server, session

_GROUP = "/apis/admissionregistration.k8s.io/v1"
_MISMATCH = (
    'type mismatch: unexpected type name "{}", expected "{}", '
    "which matches field name path from root Object type"
)
_DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest_asyncio.fixture
async def api(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with api_server(tmp_path) as server, session(server, tmp_path, "admin", "system:masters") as client:
        yield client


def applying(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patching(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def policy(*mutations: dict[str, Any], name: str = "p", **spec: Any) -> dict[str, Any]:
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["deployments"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "mutations": list(mutations),
            "reinvocationPolicy": "Never",
            **spec,
        },
    }


def binding(name: str = "p") -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name},
    }


def deployment(**spec: Any) -> dict[str, Any]:
    labels = {"app": "a"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": pod, **spec},
    }


async def post(api: aiohttp.ClientSession, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    async with api.post(path, json=body) as response:
        return response.status, await response.json()


async def put_to_use(api: aiohttp.ClientSession, *wanted: dict[str, Any]) -> None:
    for each in wanted:
        code, answer = await post(api, f"{_GROUP}/mutatingadmissionpolicies", each)
        assert code == 201, answer
        bound = binding(each["metadata"]["name"])
        code, answer = await post(api, f"{_GROUP}/mutatingadmissionpolicybindings", bound)
        assert code == 201, answer


async def test_an_apply_configuration_is_merged(api: aiohttp.ClientSession) -> None:
    sidecar = "Object.spec.template.spec.containers{name: 's', image: 'side'}"
    spec = f"Object.spec.template.spec{{containers: [{sidecar}]}}"
    expression = (
        "Object{metadata: Object.metadata{labels: Object.metadata.labels{team: variables.team}}, "
        f"spec: Object.spec{{replicas: 3, template: Object.spec.template{{spec: {spec}}}}}}}"
    )
    wanted = policy(
        applying(expression), variables=[{"name": "team", "expression": "object.metadata.name + '-x'"}]
    )
    await put_to_use(api, wanted)
    code, made = await post(api, _DEPLOYMENTS, deployment())
    assert code == 201, made
    assert made["metadata"]["labels"] == {"app": "a", "team": "d-x"}
    assert made["spec"]["replicas"] == 3
    assert [(c["name"], c["image"]) for c in made["spec"]["template"]["spec"]["containers"]] == [
        ("c", "i"),
        ("s", "side"),
    ]


async def test_a_json_patch_is_applied_in_order(api: aiohttp.ClientSession) -> None:
    first = (
        "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('example.com/a'), value: 'x'}]"
    )
    second = "[JSONPatch{op: 'replace', path: '/spec/replicas', value: size(object.metadata.labels)}]"
    await put_to_use(api, policy(patching(first), patching(second)))
    code, made = await post(api, _DEPLOYMENTS, deployment(replicas=1))
    assert code == 201, made
    assert made["metadata"]["labels"]["example.com/a"] == "x"
    assert made["spec"]["replicas"] == 2


async def test_a_policy_sees_what_a_later_one_made_when_it_wants_to(api: aiohttp.ClientSession) -> None:
    count = "[JSONPatch{op: 'add', path: '/metadata/labels/seen', value: string(object.spec.replicas)}]"
    scale = "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 5}]"
    await put_to_use(
        api,
        policy(patching(count), name="a", reinvocationPolicy="IfNeeded"),
        policy(patching(scale), name="b"),
    )
    _, made = await post(api, _DEPLOYMENTS, deployment(replicas=1))
    assert made["metadata"]["labels"]["seen"] == "5"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "Object{spec: Object.spec{selector: Object.spec.wrong{}}}",
            _MISMATCH.format("Object.spec.wrong", "Object.spec.selector"),
        ),
        (
            "Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'b'}}}}",
            (
                "error applying patch: invalid ApplyConfiguration: "
                "may not mutate atomic arrays, maps or structs: .spec.selector"
            ),
        ),
        (
            "Object{spec: Object.spec{replicas: object.spec.absent}}",
            (
                "expression 'Object{spec: Object.spec{replicas: object.spec.absent}}' resulted in error: "
                "no such key: absent"
            ),
        ),
    ],
)
async def test_what_cannot_be_made_refuses_the_write(
    api: aiohttp.ClientSession, expression: str, message: str
) -> None:
    await put_to_use(api, policy(applying(expression)))
    code, answer = await post(api, _DEPLOYMENTS, deployment())
    assert code == 403
    assert answer["message"] == f"policy 'p' with binding 'p' denied request: {message}"


async def test_a_mutation_has_to_make_an_object(api: aiohttp.ClientSession) -> None:
    code, answer = await post(api, f"{_GROUP}/mutatingadmissionpolicies", policy(applying("true")))
    assert code == 422
    assert "must evaluate to Object but got bool" in answer["message"]


async def test_a_policy_changes_the_version_that_its_rule_names(api: aiohttp.ClientSession) -> None:
    rule = {
        "apiGroups": ["autoscaling"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["horizontalpodautoscalers"],
    }
    wanted = policy(
        applying("Object{spec: Object.spec{targetCPUUtilizationPercentage: 30}}"),
        patching(
            "[JSONPatch{op: 'replace', path: '/spec/maxReplicas', "
            "value: object.spec.targetCPUUtilizationPercentage}]"
        ),
        matchConstraints={"resourceRules": [rule]},
    )
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "maxReplicas": 3,
        "metrics": [{"type": "Resource", "resource": resource}],
    }
    await put_to_use(api, wanted)

    code, made = await post(
        api,
        "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
        {"metadata": {"name": "web"}, "spec": spec},
    )

    assert (code, made["apiVersion"]) == (201, "autoscaling/v2"), made
    assert made["spec"]["maxReplicas"] == 30
    assert made["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 30
