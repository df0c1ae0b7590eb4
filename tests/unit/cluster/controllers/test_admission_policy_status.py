"""The status of ValidatingAdmissionPolicies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.policies.type_checking import expression_warnings
from proa.cluster.controllers.admission_policy_status import POLICIES, setup
from proa.cluster.controllers.config import ControllersConfig
from support.server import api_server, eventually, running


def policy(*expressions: str, **rule: Any) -> dict[str, Any]:
    about = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], **rule}
    validations = [{"expression": expression} for expression in expressions]
    return {
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": {"resourceRules": [about]}, "validations": validations},
    }


def test_an_unknown_field_is_a_warning_with_its_place() -> None:
    assert expression_warnings(policy("object.spec.replicas > 1", "object.replicas > 1"), KINDS) == [
        {
            "fieldRef": "spec.validations[1].expression",
            "warning": "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field "
            "'replicas'\n | object.replicas > 1\n | ......^\n",
        }
    ]


def test_nothing_is_said_of_what_a_wildcard_names() -> None:
    assert expression_warnings(policy("object.replicas > 1", apiGroups=["*"]), KINDS) == []


def test_parameters_and_variables_have_types_too() -> None:
    wanted = policy("variables.most > 1", "params.absent == 1")
    wanted["spec"] |= {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "variables": [{"name": "most", "expression": "params.data.most"}],
    }
    first, second = expression_warnings(wanted, KINDS)
    assert "found no matching overload for '_>_' applied to '(string, int)'" in first["warning"]
    assert "undefined field 'absent'" in second["warning"]


def test_custom_resources_have_the_types_of_their_definitions() -> None:
    properties = {"spec": {"type": "object", "properties": {"replicas": {"type": "integer"}}}}
    version = {
        "name": "v1",
        "served": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    names = {"plural": "crontabs", "kind": "CronTab", "listKind": "CronTabList"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    wanted = policy(
        "object.spec.replicas > '1'",
        "object.spec.absent < 10",
        "object.metadata.labels.a == 'b' && object.kind == 'CronTab'",
        apiGroups=["example.com"],
        resources=["crontabs"],
    )
    first, second = expression_warnings(wanted, KINDS, [{"spec": spec}])
    assert "found no matching overload for '_>_' applied to '(int, string)'" in first["warning"]
    assert "undefined field 'absent'" in second["warning"]


async def test_the_status_follows_the_generation(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        async with running(client, lambda manager: setup(manager, ControllersConfig())):
            made = await client.create(POLICIES, policy("object.replicas > 1", operations=["CREATE"]))

            async def status() -> Any:
                found = await client.get(POLICIES, "p")
                seen = found["status"].get("observedGeneration") == found["metadata"]["generation"]
                return found["status"] if seen else None

            assert len((await eventually(status))["typeChecking"]["expressionWarnings"]) == 1
            made = await client.get(POLICIES, "p")
            made["spec"]["validations"] = [{"expression": "object.spec.replicas > 1"}]
            await client.update(POLICIES, made)
            assert (await eventually(status)) == {"observedGeneration": 2, "typeChecking": {}}
