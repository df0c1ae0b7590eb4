"""An aggregated API server behind a real one of ours, on the loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.cluster.apiserver import ApiServer
from proa.cluster.controllers import namespace
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf
from proa.errors import Forbidden, ServiceUnavailable
from proa.kube import CONFIG_MAPS, ENDPOINT_SLICES, NAMESPACES, SERVICES, Manager
from proa.kube.meta import condition_is_true, find_condition
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS
from support import extension_server as extension_module
from support.extension_server import (
    API_SERVICES,
    GROUP,
    HATS,
    NAME,
    PATH,
    ExtensionServer,
    api_service,
    register,
    register_service,
)
from support.server import eventually, running, session

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.fixture
async def extension(server: ApiServer, tmp_path: Path) -> AsyncIterator[ExtensionServer]:
    async with extension_module.extension_server(tmp_path) as extension:
        yield extension


async def available(server: ApiServer, reason: str) -> Any:
    """The condition, once it has that reason."""

    async def look() -> Any:
        found = find_condition(await server.client().get(API_SERVICES, NAME), "Available")
        return found if found and found["reason"] == reason else None

    return await eventually(look, reason)


@pytest.fixture
async def hats(server: ApiServer, extension: ExtensionServer) -> ExtensionServer:
    """The extension server, registered and available."""
    await register(server, extension)
    await available(server, "Passed")
    return extension


async def test_requests_reach_it_as_their_user(
    server: ApiServer, hats: ExtensionServer, tmp_path: Path
) -> None:
    async with session(server, tmp_path, "jane", "system:masters", "hatters") as jane:
        forged = {"X-Remote-User": "root", "X-Remote-Extra-Scopes": "all", "Impersonate-Foo": "x"}
        async with jane.post(f"{HATS}?dryRun=All", json={"kind": "Hat"}, headers=forged) as answer:
            assert (answer.status, (await answer.json())["kind"]) == (201, "Hat")
    asked = hats.asked[0]
    assert (asked.method, asked.raw_path, json.loads(hats.bodies[0])) == (
        "POST",
        f"{HATS}?dryRun=All",
        {"kind": "Hat"},
    )
    assert asked.headers.getall("X-Remote-User") == ["jane"]
    assert set(asked.headers.getall("X-Remote-Group")) >= {"hatters", "system:authenticated"}
    assert not {"X-Remote-Extra-Scopes", "Impersonate-Foo", "Authorization"} & set(asked.headers)


async def test_every_method_and_a_body_in_chunks_pass(
    server: ApiServer, hats: ExtensionServer, tmp_path: Path
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a" * 100_000
        yield b"b" * 100_000

    async with session(server, tmp_path, "jane", "system:masters") as jane:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            async with jane.request(
                method, f"{HATS}/x", data=None if method == "GET" else chunks()
            ) as answer:
                assert answer.status == 200
    assert [len(body) for body in hats.bodies] == [0, 200_000, 200_000, 200_000]
    assert [request.method for request in hats.asked] == ["GET", "PUT", "PATCH", "DELETE"]


async def test_a_watch_streams_and_ends_with_its_client(
    server: ApiServer, hats: ExtensionServer, tmp_path: Path
) -> None:
    async with session(server, tmp_path, "jane", "system:masters") as jane:
        async with asyncio.timeout(5), jane.get(f"{HATS}?watch=1") as answer:
            assert await answer.content.readline() == b'{"type":"ADDED"}\n'
            assert not hats.gone.is_set()
            hats.more.set()
            assert await answer.content.readline() == b'{"type":"MODIFIED"}\n'
            assert await answer.read() == b""
        hats.more.clear()
        hats.gone.clear()
        async with jane.get(f"{HATS}?watch=1") as answer:
            await answer.content.readline()
            answer.close()
        await asyncio.wait_for(hats.gone.wait(), 5)


async def test_an_upgrade_becomes_a_pipe(server: ApiServer, hats: ExtensionServer, tmp_path: Path) -> None:
    wear = f"{HATS}/x/wear"
    async with (
        session(server, tmp_path, "jane", "system:masters") as jane,
        jane.ws_connect(wear, protocols=["v5.channel.k8s.io"]) as socket,
    ):
        await socket.send_bytes(b"hello")
        assert (await socket.receive(timeout=5)).data == b"hello"
        await socket.send_bytes(b"bye")
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert hats.asked[0].headers["X-Remote-User"] == "jane"


async def test_rbac_decides_before_anything_is_passed_on(
    server: ApiServer, hats: ExtensionServer, tmp_path: Path
) -> None:
    async with session(server, tmp_path, "nobody") as nobody, nobody.get(HATS) as answer:
        body = await answer.json()
    assert (answer.status, hats.asked) == (403, [])
    assert 'User "nobody" cannot list resource "hats" in API group "wardrobe.example.com"' in body["message"]
    with pytest.raises(Forbidden):
        await server.client("nobody", ()).read(HATS, {})


async def test_discovery_and_openapi_tell_of_it(hats: ExtensionServer, http: Any) -> None:
    legacy = (await http("GET", "/apis")).body["groups"]
    found = {group["name"]: group for group in legacy}[GROUP]
    assert found["preferredVersion"] == {"groupVersion": f"{GROUP}/v1", "version": "v1"}
    assert (await http("GET", f"/apis/{GROUP}")).body == {"kind": "APIGroup", "apiVersion": "v1", **found}
    assert (await http("GET", PATH)).body["resources"][0]["name"] == "hats"
    aggregated = (await http("GET", "/apis", Accept=AGGREGATED)).body
    group = {item["metadata"]["name"]: item for item in aggregated["items"]}[GROUP]
    (version,) = group["versions"]
    assert (version["freshness"], version["resources"][0]["resource"]) == ("Current", "hats")
    assert version["resources"][0]["subresources"][0]["subresource"] == "wear"
    index = (await http("GET", "/openapi/v3")).body["paths"]
    assert {"apis/apps/v1", PATH[1:]} <= set(index)
    assert (await http("GET", index[PATH[1:]]["serverRelativeURL"])).body["info"]["title"] == "hats"


async def test_what_is_gone_is_stale_and_503_until_it_is_back(
    server: ApiServer, hats: ExtensionServer, http: Any
) -> None:
    client = server.client()
    slice_ = await client.get(ENDPOINT_SLICES, "hats-1", "default")
    await client.delete(ENDPOINT_SLICES, "hats-1", "default")
    condition = await available(server, "EndpointsNotFound")
    assert condition["message"] == 'cannot find endpointslices for service/hats in "default"'
    answer = await http("GET", HATS)
    assert (answer.status, answer.body) == (503, "service unavailable\n")
    with pytest.raises(ServiceUnavailable):
        await client.read(HATS, {})
    aggregated = (await http("GET", "/apis", Accept=AGGREGATED)).body
    group = {item["metadata"]["name"]: item for item in aggregated["items"]}[GROUP]
    assert (group["versions"][0]["freshness"], len(group["versions"][0]["resources"])) == ("Stale", 1)
    slice_["metadata"] = {name: slice_["metadata"][name] for name in ("name", "labels")}
    await client.create(ENDPOINT_SLICES, slice_, "default")
    await available(server, "Passed")
    assert (await client.read(HATS, {"limit": "1"}))["kind"] == "HatList"
    await client.delete(API_SERVICES, NAME)
    assert (await http("GET", HATS)).status == 404


async def test_reasons_why_it_is_not_available(server: ApiServer, extension: ExtensionServer) -> None:
    client = server.client()
    await client.create(API_SERVICES, api_service(extension))
    condition = await available(server, "ServiceNotFound")
    assert condition["message"] == 'service/hats in "default" is not present'
    extension.broken = True
    await register_service(server, extension)
    condition = await available(server, "FailedDiscoveryCheck")
    assert condition["message"].endswith(f"{PATH}: 500")
    extension.broken = False
    slice_ = await client.get(ENDPOINT_SLICES, "hats-1", "default")
    slice_["endpoints"][0]["conditions"] = {"ready": False}
    await client.update(ENDPOINT_SLICES, slice_)
    await available(server, "MissingEndpoints")
    service = await client.get(SERVICES, "hats", "default")
    service["spec"]["ports"][0]["port"] = 8443
    await client.update(SERVICES, service)
    condition = await available(server, "ServicePortError")
    assert condition["message"] == 'service/hats in "default" is not listening on port 443'


async def test_its_certificate_must_be_of_the_bundle_unless_that_is_waived(
    server: ApiServer, extension: ExtensionServer, tmp_path: Path
) -> None:
    other = base64.b64encode((tmp_path / "ca.crt").read_bytes()).decode()
    await register(server, extension, caBundle=other)
    assert "CERTIFICATE_VERIFY_FAILED" in (await available(server, "FailedDiscoveryCheck"))["message"]
    careless = api_service(extension, insecureSkipTLSVerify=True)
    del careless["spec"]["caBundle"]
    await server.client().delete(API_SERVICES, NAME)
    await server.client().create(API_SERVICES, careless)
    await available(server, "Passed")


async def test_local_ones_are_there_and_available(server: ApiServer, http: Any) -> None:
    rows = (await http("GET", "/apis/apiregistration.k8s.io/v1/apiservices")).body["items"]
    found = {row["metadata"]["name"]: row for row in rows}
    assert {"v1.", "v1.apps", "v2.autoscaling", "v1.events.k8s.io"} <= set(found)
    assert "v1.apiregistration.k8s.io" not in found
    apps = found["v1.apps"]
    assert (apps["spec"]["groupPriorityMinimum"], apps["spec"]["versionPriority"]) == (17800, 15)
    assert all(find_condition(row, "Available")["reason"] == "Local" for row in rows)  # type: ignore[index]
    await server.client().delete(API_SERVICES, "v1.apps")
    assert (await http("GET", "/apis/apps/v1/deployments")).status == 200


async def test_a_front_proxy_of_ours_names_its_users(server: ApiServer, tmp_path: Path) -> None:
    proxy = KeyPair.at(tmp_path, "proxy")
    Authority.open(tmp_path, "front-proxy-ca").issue(Leaf("proxy", ("system:masters",)), proxy)
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    headers = [
        ("X-Remote-User", "jane"),
        ("X-Remote-Group", "a"),
        ("X-Remote-Group", "b"),
        ("X-Remote-Uid", "7"),
        ("X-Remote-Extra-Example.com%2fscopes", "read"),
    ]
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    context.load_cert_chain(*proxy)
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(f"https://127.0.0.1:{server.port}", connector=connector) as bare:
        async with bare.post(path, json={}, headers=headers) as answer:
            info = (await answer.json())["status"]["userInfo"]
        assert info == {
            "username": "jane",
            "groups": ["a", "b", "system:authenticated"],
            "uid": "7",
            "extra": {"example.com/scopes": ["read"]},
        }
        # The certificate itself is nobody's, whatever groups it claims.
        async with bare.get("/api/v1/secrets") as answer:
            assert answer.status in (401, 403)
            assert 'User "proxy"' not in await answer.text()
        async with bare.get("/api/v1/secrets", headers={"X-Remote-User": "jane"}) as answer:
            assert answer.status == 403
    claim = {"X-Remote-Group": "system:masters"}
    async with (
        session(server, tmp_path, "joe") as joe,
        joe.get("/api/v1/secrets", headers=claim) as answer,
    ):
        assert 'User "joe"' in (await answer.json())["message"]


async def test_extension_servers_learn_whom_to_believe(server: ApiServer, tmp_path: Path) -> None:
    name = "extension-apiserver-authentication"
    data = (await server.client().get(CONFIG_MAPS, name, "kube-system"))["data"]
    assert data["client-ca-file"] == (tmp_path / "ca.crt").read_text()
    assert data["requestheader-client-ca-file"] == (tmp_path / "front-proxy-ca.crt").read_text()
    assert json.loads(data["requestheader-extra-headers-prefix"]) == ["X-Remote-Extra-"]
    assert json.loads(data["requestheader-group-headers"]) == ["X-Remote-Group"]


async def test_one_that_does_not_answer_is_noticed_by_who_asks(
    server: ApiServer, hats: ExtensionServer, http: Any
) -> None:
    await hats.stop()
    answer = await http("GET", HATS)
    assert (answer.status, "error trying to reach service" in answer.body) == (503, True)
    await available(server, "FailedDiscoveryCheck")
    assert (await http("GET", HATS)).body == "service unavailable\n"


async def test_groups_of_custom_resources_come_and_go(server: ApiServer) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "shoes", "kind": "Shoe"}
    spec = {"group": "feet.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    client = server.client()
    await client.create(
        CUSTOM_RESOURCE_DEFINITIONS, {"metadata": {"name": "shoes.feet.example.com"}, "spec": spec}
    )

    async def registered() -> Any:
        rows = (await client.list(API_SERVICES))["items"]
        return next((row for row in rows if row["metadata"]["name"] == "v1.feet.example.com"), None)

    made = await eventually(registered)
    assert made["metadata"]["labels"] == {"kube-aggregator.kubernetes.io/automanaged": "true"}
    assert (made["spec"]["groupPriorityMinimum"], made["spec"]["versionPriority"]) == (1000, 100)
    await client.delete(CUSTOM_RESOURCE_DEFINITIONS, "shoes.feet.example.com")

    async def gone() -> bool:
        return await registered() is None

    await eventually(gone)


async def test_what_it_holds_goes_with_the_namespace(server: ApiServer, hats: ExtensionServer) -> None:
    client = server.client()
    hats.hats = {"fez", "bowler"}

    def setup(manager: Manager) -> None:
        namespace.setup(manager, ControllersConfig(delete_aggregated=client.delete_aggregated))

    async with running(client, setup):
        await client.create(NAMESPACES, {"metadata": {"name": "team"}})
        hats.broken = True
        await client.delete(NAMESPACES, "team")

        async def waits() -> bool:
            found = await client.get(NAMESPACES, "team")
            return condition_is_true(found, "NamespaceDeletionContentFailure")

        await eventually(waits)
        assert hats.hats == {"fez", "bowler"}
        hats.broken = False

        async def gone() -> bool:
            return not any(o["metadata"]["name"] == "team" for o in (await client.list(NAMESPACES))["items"])

        await eventually(gone)

    assert hats.hats == set()
    deleted = {request.path for request in hats.asked if request.method == "DELETE"}
    assert deleted == {f"{PATH}/namespaces/team/hats/{name}" for name in ("fez", "bowler")}
