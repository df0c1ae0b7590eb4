"""The surface: who is let in, what is accepted, what an error looks like."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer
from proa.kube import CONFIG_MAPS as KIND
from proa.kube import SERVICE_ACCOUNTS, Resource
from support.server import api_server, session

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False)


def config_map(name: str = "a", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more}, "data": {"k": "v"}}


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version", "/version/"])
async def test_anybody_may_ask_for_health_and_version(anonymous: Any, path: str) -> None:
    assert (await anonymous("GET", path)).status == 200


@pytest.mark.parametrize("path", ["/api", "/apis", CONFIG_MAPS, "/openapi/v3", "/nowhere"])
async def test_nobody_else_is_let_in_without_a_credential(anonymous: Any, path: str) -> None:
    answer = await anonymous("GET", path)

    assert (answer.status, answer.body["kind"], answer.body["reason"]) == (403, "Status", "Forbidden")


async def test_without_anonymous_users_all_but_health_wants_a_credential(tmp_path: Path) -> None:
    async with api_server(tmp_path, anonymous=False) as server, session(server, tmp_path) as nobody:
        answers = [await nobody.get(path) for path in ("/livez", "/api", "/version")]
        codes = [answer.status for answer in answers]
    assert codes == [200, 401, 401]


async def test_verbose_health_lists_the_checks(anonymous: Any) -> None:
    answer = await anonymous("GET", "/readyz?verbose")

    assert answer.body.splitlines() == ["[+]ping ok", "[+]etcd ok", "[+]bootstrap ok", "readyz check passed"]


async def test_a_check_can_be_left_out_of_health(anonymous: Any) -> None:
    answer = await anonymous("GET", "/livez?verbose&exclude=etcd&exclude=nope")

    assert answer.body.splitlines() == [
        "[+]ping ok",
        "[+]etcd excluded: ok",
        "[+]bootstrap ok",
        'warn: some health checks cannot be excluded: no matches for "nope"',
        "livez check passed",
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "reason", "message"),
    [
        ("GET", f"{CONFIG_MAPS}/no", 404, "NotFound", 'configmaps "no" not found'),
        ("GET", "/api/v1/nothings", 404, "NotFound", "the server could not find the requested resource"),
        ("GET", "/apis/apps/v1/namespaces/x/none/y", 404, "NotFound", "the server could not find"),
        ("GET", "/apis/none.example", 404, "NotFound", "the server could not find the requested resource"),
        ("PATCH", CONFIG_MAPS, 405, "MethodNotAllowed", "the server does not allow this method"),
        ("OPTIONS", CONFIG_MAPS, 405, "MethodNotAllowed", "the server does not allow this method"),
        ("GET", f"{CONFIG_MAPS}?limit=many", 400, "BadRequest", "query parameter limit"),
        ("GET", f"{CONFIG_MAPS}?labelSelector=a%20b%20c", 400, "BadRequest", "unable to parse requirement"),
        (
            "GET",
            f"{CONFIG_MAPS}?fieldSelector=spec.x%3D1",
            400,
            "BadRequest",
            '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        ("GET", f"{CONFIG_MAPS}?resourceVersion=x", 400, "BadRequest", "invalid resource version"),
        ("GET", f"{CONFIG_MAPS}?continue=rubbish", 400, "BadRequest", "continue key is not valid"),
        ("GET", f"{CONFIG_MAPS}?resourceVersion=999999", 504, "Timeout", "Too large resource version"),
        (
            "GET",
            f"{CONFIG_MAPS}?resourceVersionMatch=Exact",
            422,
            "Invalid",
            "forbidden unless resourceVersion",
        ),
        (
            "GET",
            f"{CONFIG_MAPS}?sendInitialEvents=true",
            422,
            "Invalid",
            "sendInitialEvents is forbidden for list",
        ),
    ],
)
async def test_a_failure_is_a_status(
    http: Any, method: str, path: str, status: int, reason: str, message: str
) -> None:
    answer = await http(method, path)

    assert (answer.status, answer.body["code"], answer.body["reason"]) == (status, status, reason)
    assert message in answer.body["message"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'"' + b"\xff" + b'"', 400),
        ("application/json", b"[" * 200_000, 400),
        ("application/yaml", b"a: &x [1]\nb: *x", 400),
        ("application/yaml", b"\t: {", 400),
        ("application/vnd.kubernetes.protobuf", b"k8s\x00rubbish", 400),
        ("application/vnd.kubernetes.protobuf", b"", 400),
        ("text/plain", b"hello", 415),
        ("application/json", b"x" * (3 * 1024 * 1024 + 1), 413),
        ("application/json", json.dumps({"apiVersion": "v1", "kind": "Secret"}).encode(), 400),
        ("application/json", json.dumps({"apiVersion": "v2", "kind": "ConfigMap"}).encode(), 400),
        ("application/json", json.dumps({"metadata": []}).encode(), 400),
        ("application/json", json.dumps({"metadata": {"name": "a", "namespace": "other"}}).encode(), 400),
        ("application/json", json.dumps(config_map("a", resourceVersion="5")).encode(), 400),
        ("application/json", json.dumps(config_map("Not_A_Name")).encode(), 422),
        ("application/json", json.dumps(config_map("a", labels={"a b": "c"})).encode(), 422),
        ("application/json", json.dumps({"metadata": {}}).encode(), 422),
    ],
)
async def test_bad_bodies_are_refused(http: Any, kind: str, body: bytes, status: int) -> None:
    answer = await http("POST", CONFIG_MAPS, body, kind=kind)

    assert answer.status == status, answer.body
    assert answer.body["kind"] == "Status"


async def test_yaml_is_accepted_and_times_stay_text(http: Any) -> None:
    answer = await http(
        "POST", CONFIG_MAPS, b"metadata: {name: y}\ndata: {t: 2020-01-01}", kind="application/yaml"
    )

    assert (answer.status, answer.body["data"]) == (201, {"t": "2020-01-01"})


async def test_a_time_limit_of_the_client_must_be_one(http: Any) -> None:
    answer = await http("GET", f"{CONFIG_MAPS}?timeout=soon")
    assert answer.status == 400
    assert answer.body["message"].startswith("invalid timeout specified in the request URL")
    assert (await http("GET", f"{CONFIG_MAPS}?timeout=3m")).status == 200


async def test_a_line_may_be_long(http: Any) -> None:
    assert (await http("GET", f"{CONFIG_MAPS}?x={'a' * 500_000}")).status == 200


async def test_who_is_not_there_is_not_found_before_all_else(http: Any) -> None:
    lease = {"metadata": {"name": "none"}, "spec": {}}
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/none"
    assert (await http("PUT", path, lease)).status == 404


async def test_a_slash_at_the_end_changes_nothing(http: Any) -> None:
    await http("POST", CONFIG_MAPS + "/", config_map())

    assert (await http("GET", f"{CONFIG_MAPS}/a/")).body["data"] == {"k": "v"}


@pytest.mark.parametrize(
    ("validation", "status", "warned"), [("Strict", 400, False), ("Warn", 201, True), ("Ignore", 201, False)]
)
async def test_unknown_fields(http: Any, validation: str, status: int, warned: bool) -> None:
    answer = await http("POST", f"{CONFIG_MAPS}?fieldValidation={validation}", config_map() | {"foo": 1})

    assert answer.status == status
    assert answer.headers.get("Warning") == ('299 - "unknown field \\"foo\\""' if warned else None)
    assert "foo" not in answer.body
    if validation == "Strict":
        assert answer.body["message"] == (
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
            'strict decoding error: unknown field "foo"'
        )


async def test_tables_and_partial_objects_on_request(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())
    table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

    assert (await http("GET", CONFIG_MAPS, Accept=table)).body["rows"][0]["cells"][:2] == ["a", 1]
    assert (await http("GET", f"{CONFIG_MAPS}/a", Accept=table)).body["kind"] == "Table"
    items = (await http("GET", CONFIG_MAPS, Accept=partial)).body["items"]
    assert (items[0]["kind"], "data" in items[0]) == ("PartialObjectMetadata", False)


async def test_what_cannot_be_produced_is_not_acceptable(http: Any) -> None:
    assert (await http("GET", CONFIG_MAPS, Accept="application/cbor")).status == 406


async def test_protobuf_wishes_are_met_with_json(http: Any) -> None:
    answer = await http("GET", CONFIG_MAPS, Accept="application/vnd.kubernetes.protobuf,application/json")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


async def test_large_lists_are_compressed_for_who_takes_it(http: Any) -> None:
    big = config_map("big") | {"data": {"k": "x" * 200_000}}
    await http("POST", CONFIG_MAPS, big)

    packed = await http("GET", CONFIG_MAPS, Accept_Encoding="gzip")
    plain = await http("GET", CONFIG_MAPS, Accept_Encoding="identity")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.body == plain.body
    assert len(gzip.compress(b"")) > 0


async def test_head_has_the_headers_of_get_and_no_body(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    answer = await http("HEAD", f"{CONFIG_MAPS}/a")

    assert (answer.status, int(answer.headers["Content-Length"]) > 0) == (200, True)


async def test_old_discovery_and_aggregated_discovery(http: Any) -> None:
    wanted = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    assert (await http("GET", "/api")).body["kind"] == "APIVersions"
    assert (await http("GET", "/apis/apps/v1")).body["groupVersion"] == "apps/v1"
    answer = await http("GET", "/apis", Accept=f"{wanted},application/json;q=0.9")
    assert (answer.body["kind"], answer.headers["Content-Type"]) == ("APIGroupDiscoveryList", wanted)


async def test_a_service_account_token_is_a_credential_while_its_account_lives(
    http: Any, anonymous: Any, server: ApiServer
) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = (await http("POST", path, request)).body["status"]["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    url = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    who = await anonymous("POST", url, {}, **bearer)
    assert who.body["status"]["userInfo"]["username"] == "system:serviceaccount:default:default"
    assert (await anonymous("GET", CONFIG_MAPS, **bearer)).status == 403
    assert (await anonymous("GET", CONFIG_MAPS, Authorization=f"Bearer {token}x")).status == 401

    await server.client().delete(SERVICE_ACCOUNTS, "default", "default")
    assert (await anonymous("POST", url, {}, **bearer)).status == 401


async def test_roles_bound_to_a_user_are_what_they_may(http: Any, node: Any) -> None:
    refused = await node("POST", CONFIG_MAPS, config_map())
    subject = {"kind": "Group", "apiGroup": BINDINGS.group, "name": "system:nodes"}
    role = {"apiGroup": BINDINGS.group, "kind": "ClusterRole", "name": "edit"}
    binding = {"metadata": {"name": "more"}, "subjects": [subject], "roleRef": role}
    await http("POST", BINDINGS.path(), binding)

    assert refused.body["message"] == (
        'configmaps is forbidden: User "system:node:n1" cannot create resource "configmaps" '
        'in API group "" in the namespace "default": node: can only read resources of this type'
    )
    assert (await node("POST", CONFIG_MAPS, config_map())).status == 201


async def test_the_in_process_client_sees_the_same(http: Any, server: ApiServer) -> None:
    created = (await http("POST", CONFIG_MAPS, config_map())).body

    assert await server.client().get(KIND, "a", "default") == created


async def test_a_review_is_no_table(http: Any) -> None:
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    review = {"spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}}
    as_table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    refused = await http("POST", reviews, review, Accept=as_table)
    answered = await http("POST", reviews, review, Accept=f"{as_table},application/json")
    partial = await http("POST", reviews, review, Accept=as_table.replace("Table", "PartialObjectMetadata"))

    assert (refused.status, refused.body["reason"]) == (406, "NotAcceptable")
    assert (answered.status, answered.body["kind"]) == (201, "SelfSubjectAccessReview")
    assert (partial.status, partial.body["kind"]) == (201, "PartialObjectMetadata")


async def test_the_root_names_what_is_served(http: Any) -> None:
    answer = await http("GET", "/")

    paths = answer.body["paths"]
    assert answer.status == 200
    assert {"/api/v1", "/apis/apps", "/apis/apps/v1", "/healthz/etcd", "/readyz", "/version"} <= set(paths)
    for path in paths:
        assert (await http("GET", path)).status == 200, path
