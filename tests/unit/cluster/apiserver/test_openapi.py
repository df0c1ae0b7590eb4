"""OpenAPI documents: what kubectl looks for in them."""

import json
from typing import Any

import pytest

from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.openapi import OpenApi
from proa.cluster.apiserver.schema import SCHEMAS

OPENAPI = OpenApi(KINDS, SCHEMAS)
INDEX = json.loads(OPENAPI.index())["paths"]
POD = "/api/v1/namespaces/{namespace}/pods/{name}"


def document(name: str) -> dict[str, Any]:
    return dict(json.loads(OPENAPI.document(name) or b""))


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_index_has_every_version_with_the_hash_of_its_document() -> None:
    assert len(INDEX) == sum(map(len, KINDS.group_versions.values()))
    url = INDEX["apis/apps/v1"]["serverRelativeURL"]
    assert url == f"/openapi/v3/apis/apps/v1?hash={OPENAPI.hash('apis/apps/v1')}"


def test_patch_tells_kind_and_field_validation() -> None:
    patch = document("api/v1")["paths"][POD]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "", "version": "v1", "kind": "Pod"}
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    assert "application/apply-patch+yaml" in patch["requestBody"]["content"]


def test_scale_is_described_as_its_own_kind() -> None:
    paths = document("apis/apps/v1")["paths"]
    get = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]["get"]
    assert get["x-kubernetes-group-version-kind"]["kind"] == "Scale"


def test_reviews_can_only_be_created() -> None:
    paths = document("apis/authorization.k8s.io/v1")["paths"]
    item = paths["/apis/authorization.k8s.io/v1/subjectaccessreviews"]
    assert set(item) == {"post", "parameters"}


@pytest.mark.parametrize("name", INDEX)
def test_documents_refer_only_to_what_they_hold(name: str) -> None:
    found = document(name)
    held = {f"#/components/schemas/{schema}" for schema in found["components"]["schemas"]}
    assert references(found) <= held


def test_unknown_version_has_no_document() -> None:
    assert OPENAPI.document("apis/nope/v1") is None
