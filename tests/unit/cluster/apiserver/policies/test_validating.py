"""ValidatingAdmissionPolicies, as clients meet them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from support.server import api_server, session

_GROUP = "/apis/admissionregistration.k8s.io/v1"
_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest_asyncio.fixture
async def api(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with api_server(tmp_path) as server, session(server, tmp_path, "admin", "system:masters") as client:
        yield client


def policy(**spec: Any) -> dict[str, Any]:
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["configmaps"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, **spec},
    }


def binding(*actions: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "b"},
        "spec": {"policyName": "p", "validationActions": list(actions), **spec},
    }


def config_map(name: str = "m", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def post(api: aiohttp.ClientSession, path: str, body: Any) -> tuple[int, dict[str, Any], list[str]]:
    async with api.post(path, json=body) as response:
        return response.status, await response.json(), response.headers.getall("Warning", [])


async def put_to_use(api: aiohttp.ClientSession, wanted: dict[str, Any], bound: dict[str, Any]) -> None:
    for path, body in (("validatingadmissionpolicies", wanted), ("validatingadmissionpolicybindings", bound)):
        code, answer, _ = await post(api, f"{_GROUP}/{path}", body)
        assert code == 201, answer


async def test_a_false_expression_refuses_the_write(api: aiohttp.ClientSession) -> None:
    wanted = policy(
        variables=[{"name": "size", "expression": "size(object.data)"}],
        validations=[
            {
                "expression": "variables.size < 2",
                "messageExpression": "'too many: ' + string(variables.size)",
            }
        ],
    )
    await put_to_use(api, wanted, binding("Deny"))
    code, answer, _ = await post(api, _MAPS, config_map(a="1", b="2"))
    why = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: too many: 2"
    assert (code, answer["reason"]) == (422, "Invalid")
    assert answer["message"] == f'configmaps "m" is forbidden: {why}'
    assert answer["details"] == {"name": "m", "kind": "configmaps", "causes": [{"message": why}]}
    code, _, _ = await post(api, _MAPS, config_map(a="1"))
    assert code == 201


async def test_a_warning_lets_the_write_pass(api: aiohttp.ClientSession) -> None:
    wanted = policy(validations=[{"expression": "object.data.a == '1'"}])
    await put_to_use(api, wanted, binding("Warn"))
    code, _, warnings = await post(api, _MAPS, config_map(a="2"))
    message = "failed expression: object.data.a == '1'"
    assert code == 201
    assert warnings == [
        f"299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': {message}\""
    ]


async def test_an_error_refuses_unless_the_policy_ignores_it(api: aiohttp.ClientSession) -> None:
    wanted = policy(validations=[{"expression": "object.data.absent == '1'"}])
    await put_to_use(api, wanted, binding("Deny"))
    code, answer, _ = await post(api, _MAPS, config_map(a="2"))
    assert code == 422
    assert (
        "expression 'object.data.absent == '1'' resulted in error: no such key: absent" in answer["message"]
    )


async def test_parameters_come_from_the_binding(api: aiohttp.ClientSession) -> None:
    await post(api, _MAPS, config_map("limits", most="1"))
    wanted = policy(
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        validations=[{"expression": "size(object.data) <= int(params.data.most)", "reason": "Forbidden"}],
    )
    reference = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await put_to_use(api, wanted, binding("Deny", paramRef=reference))
    code, answer, _ = await post(api, _MAPS, config_map(a="1", b="2"))
    assert (code, answer["reason"]) == (403, "Forbidden")
    code, _, _ = await post(api, _MAPS, config_map(a="1"))
    assert code == 201


async def test_missing_parameters_deny_where_the_binding_says_so(api: aiohttp.ClientSession) -> None:
    wanted = policy(paramKind={"apiVersion": "v1", "kind": "ConfigMap"}, validations=[{"expression": "true"}])
    reference = {"name": "absent", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await put_to_use(api, wanted, binding("Deny", paramRef=reference))
    code, answer, _ = await post(api, _MAPS, config_map(a="1"))
    assert code == 422
    assert answer["message"].endswith(
        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
    )


async def test_conditions_narrow_a_policy_and_the_authorizer_answers(api: aiohttp.ClientSession) -> None:
    wanted = policy(
        matchConditions=[{"name": "own", "expression": "object.metadata.name != 'free'"}],
        validations=[
            {"expression": "!authorizer.path('/healthz').check('get').allowed()"},
            {"expression": "authorizer.requestResource.check('create').allowed()"},
        ],
    )
    await put_to_use(api, wanted, binding("Deny"))
    code, _, _ = await post(api, _MAPS, config_map("free"))
    assert code == 201
    code, answer, _ = await post(api, _MAPS, config_map("m"))
    assert code == 422
    assert "failed expression: !authorizer" in answer["message"]


async def test_an_expression_that_does_not_compile_is_refused_with_its_place(
    api: aiohttp.ClientSession,
) -> None:
    wanted = policy(validations=[{"expression": "object.x =="}, {"expression": "request.foo == 1"}])
    code, answer, _ = await post(api, f"{_GROUP}/validatingadmissionpolicies", wanted)
    assert code == 422
    causes = {cause["field"]: cause["message"] for cause in answer["details"]["causes"]}
    assert causes["spec.validations[1].expression"] == (
        'Invalid value: "request.foo == 1": compilation failed: ERROR: <input>:1:8: undefined field '
        "'foo'\n | request.foo == 1\n | .......^"
    )


async def test_a_binding_needs_an_action(api: aiohttp.ClientSession) -> None:
    code, answer, _ = await post(api, f"{_GROUP}/validatingadmissionpolicybindings", binding())
    assert code == 422
    assert "spec.validationActions: Required value" in answer["message"]


async def test_a_delete_is_judged_by_the_old_object(api: aiohttp.ClientSession) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}
    wanted = policy(
        matchConstraints={"resourceRules": [rule]},
        validations=[{"expression": "object == null && oldObject.data.keep != 'yes'", "message": "kept"}],
    )
    await put_to_use(api, wanted, binding("Deny"))
    for name, keep in (("kept", "yes"), ("gone", "no")):
        await post(api, _MAPS, config_map(name, keep=keep))
    async with api.delete(f"{_MAPS}/kept") as response:
        assert response.status == 422
        assert (await response.json())["message"].endswith("denied request: kept")
    async with api.delete(f"{_MAPS}/gone") as response:
        assert response.status == 200


async def test_a_policy_without_a_binding_does_nothing(api: aiohttp.ClientSession) -> None:
    code, _, _ = await post(
        api, f"{_GROUP}/validatingadmissionpolicies", policy(validations=[{"expression": "false"}])
    )
    assert code == 201
    code, _, _ = await post(api, _MAPS, config_map(a="1"))
    assert code == 201
