"""Paths that describe the server: discovery, OpenAPI, the version, health."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator

import msgspec
from aiohttp import hdrs, web

from proa.cluster.apiserver.aggregation.documents import DiscoveryDocuments
from proa.cluster.apiserver.aggregation.openapi import OpenApiDocuments
from proa.cluster.apiserver.discovery import AGGREGATED_TYPE
from proa.cluster.apiserver.http.health import PATHS, Health
from proa.cluster.apiserver.http.negotiation import JSON, media_types
from proa.cluster.apiserver.http.reply import Reply, json_reply
from proa.cluster.apiserver.metrics import METRICS_TYPE
from proa.cluster.apiserver.openapi_v2 import OpenApiV2
from proa.errors import ApiError, MethodNotAllowed, NotFound

VERSION = "v1.37.2+proa"
_PATHS = (
    "/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/", "/metrics", "/metrics/slis",
    "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/openid/v1/jwks", "/version",
)  # fmt: skip
_OPENAPI_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def not_found() -> ApiError:
    """404 for a path that is none; a Status, as client libraries read one from every answer."""
    return NotFound("the server could not find the requested resource")


Own = Callable[[str], Reply | None]
"""What else the server tells of itself, by path: metrics, OpenID discovery."""


class Documents:
    """Answers everything that is not about an object."""

    def __init__(
        self,
        discovery: DiscoveryDocuments,
        openapi: OpenApiDocuments,
        openapi_v2: OpenApiV2,
        health: Health,
        own: Own,
        address: str,
    ) -> None:
        self._discovery = discovery
        self._openapi = openapi
        self._openapi_v2 = openapi_v2
        self._health = health
        self._own = own
        self._address = address

    async def serve(self, request: web.BaseRequest, path: str, query: str) -> Reply | None:
        """The document at a path; None where there is none. Raises NotFound, MethodNotAllowed."""
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            if path not in set(self._paths()):
                return None
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        parts = path.strip("/").split("/")
        if parts[0] in PATHS:
            return self._health.reply(path, query)
        if parts == [""]:
            return json_reply({"paths": sorted(self._paths())})
        if parts == ["version"]:
            return json_reply(version_info())
        if parts == ["metrics", "slis"]:
            return Reply(self._health.indicators().encode(), content_type=METRICS_TYPE)
        if parts[0] == "openapi":
            return await self._openapi_reply(request, parts)
        return self._own(path) or self._discover(request, parts)

    def _paths(self) -> Iterator[str]:
        """What the server answers besides objects."""
        yield from _PATHS
        yield from self._health.paths()
        for group in msgspec.json.decode(self._discovery.group_list)["groups"]:
            yield f"/apis/{group['name']}"
            yield from (f"/apis/{version['groupVersion']}" for version in group["versions"])

    async def _openapi_v2_document(self, request: web.BaseRequest) -> Reply:
        protobuf = "proto-openapi" in request.headers.get(hdrs.ACCEPT, "")
        document = await self._openapi_v2.document(protobuf=protobuf)
        return _tagged(request, document.body, _OPENAPI_PROTOBUF if protobuf else JSON, document.hash)

    async def _openapi_reply(self, request: web.BaseRequest, parts: list[str]) -> Reply | None:
        if parts[1:] == ["v2"]:
            return await self._openapi_v2_document(request)
        if parts[1:2] != ["v3"]:
            return None
        name = "/".join(parts[2:])
        body = self._openapi.document(name) if name else self._openapi.index()
        return None if body is None else _tagged(request, body, JSON)

    def _discover(self, request: web.BaseRequest, parts: list[str]) -> Reply | None:
        aggregated = wants_aggregated(request.headers.get(hdrs.ACCEPT, ""))
        if aggregated and parts in (["api"], ["apis"]):
            discovery = self._discovery
            whole = discovery.core_aggregated if parts == ["api"] else discovery.groups_aggregated
            return _tagged(request, whole, AGGREGATED_TYPE)
        body = self._legacy(parts)
        return None if body is None else Reply(body)

    def _legacy(self, parts: list[str]) -> bytes | None:
        match parts:
            case ["api"]:
                return self._discovery.api_versions(self._address)
            case ["api", version]:
                return self._discovery.resource_list("", version)
            case ["apis"]:
                return self._discovery.group_list
            case ["apis", group]:
                return self._discovery.group(group)
            case ["apis", group, version]:
                return self._discovery.resource_list(group, version)
        return None


def _tagged(request: web.BaseRequest, body: bytes, content_type: str, digest: str = "") -> Reply:
    """A document with an ETag; 304 for a client that has it. `digest` is known of large ones."""
    tag = f'"{digest or hashlib.sha256(body).hexdigest().upper()}"'
    headers = [("ETag", tag), ("Vary", "Accept")]
    if tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return Reply(b"", 304, content_type, headers)
    return Reply(body, content_type=content_type, headers=headers)


def wants_aggregated(accept: str) -> bool:
    """Whether the aggregated form is asked for, in the version that there is."""
    return any(
        wanted.get("as") == "APIGroupDiscoveryList" and wanted.get("v") == "v2"
        for wanted in media_types(accept)
    )


def version_info() -> dict[str, str]:
    """version.Info, as `kubectl version` prints it."""
    major, minor = VERSION.lstrip("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"python{platform.python_version()}",
        "compiler": platform.python_implementation(),
        "platform": "linux/amd64",
    }
