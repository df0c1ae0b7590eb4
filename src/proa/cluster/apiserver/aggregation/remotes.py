"""The APIServices that other servers stand behind, and what is known of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from proa.kube.meta import condition_is_true
from proa.kube.resources import Object, Resource

API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False)
_PORT = 443


@dataclass(frozen=True)
class Remote:
    """A group and version that is served by a Service."""

    name: str
    """Of the APIService: VERSION.GROUP."""
    group: str
    version: str
    namespace: str
    service: str
    port: int
    authority: bytes
    """PEM; empty for the authorities that this machine trusts."""
    insecure: bool
    group_priority: int
    version_priority: int
    available: bool = field(compare=False)

    @property
    def server_name(self) -> str:
        """The name that its certificate must have."""
        return f"{self.service}.{self.namespace}.svc"

    @property
    def path(self) -> str:
        """Where its resources are."""
        return f"/apis/{self.group}/{self.version}"


@dataclass(frozen=True)
class Findings:
    """What a remote server was found to serve."""

    resources: tuple[Object, ...] = ()
    """In the form of apidiscovery.k8s.io/v2 APIResourceDiscovery."""
    documents: Mapping[str, Object] = field(default_factory=dict)
    """Its part of /openapi/v3: `apis/GROUP/VERSION` and where that is."""
    fresh: bool = False
    """False when the server could not be asked the last time."""


def remote_of(api_service: Object) -> Remote | None:
    """The remote of an APIService; None for one that this server answers itself."""
    spec = api_service["spec"]
    service = spec.get("service")
    if not service or not spec.get("group"):
        return None
    return Remote(
        name=api_service["metadata"]["name"],
        group=spec["group"],
        version=spec["version"],
        namespace=service.get("namespace", ""),
        service=service.get("name", ""),
        port=service.get("port") or _PORT,
        authority=base64.b64decode(spec.get("caBundle") or ""),
        insecure=bool(spec.get("insecureSkipTLSVerify")),
        group_priority=spec["groupPriorityMinimum"],
        version_priority=spec["versionPriority"],
        available=condition_is_true(api_service, "Available"),
    )


class Remotes:
    """All remotes as they are now. `generation` grows with every change of what discovery tells."""

    def __init__(self) -> None:
        self.generation = 0
        self._by_name: dict[str, Remote] = {}
        self._by_version: dict[tuple[str, str], Remote] = {}
        self._findings: dict[str, Findings] = {}

    def observe(self, now: Object | None, before: Object | None) -> None:
        """Take over a change of an APIService."""
        name = (now or before or {})["metadata"]["name"]
        old, new = self._by_name.pop(name, None), remote_of(now) if now else None
        if old is not None:
            self._by_version.pop((old.group, old.version), None)
        if new is None:
            self._findings.pop(name, None)
        else:
            self._by_name[name] = self._by_version[new.group, new.version] = new
        self.generation += old != new

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def all(self) -> list[Remote]:
        """Every remote."""
        return list(self._by_name.values())

    def get(self, name: str) -> Remote | None:
        """The remote of that APIService."""
        return self._by_name.get(name)

    def find(self, group: str, version: str) -> Remote | None:
        """Who serves a group and version."""
        return self._by_version.get((group, version))

    def findings(self, name: str) -> Findings:
        """What is known of a remote's resources."""
        return self._findings.get(name, Findings())

    def found(self, name: str, findings: Findings) -> None:
        """Remember what a remote serves."""
        if name in self._by_name and self._findings.get(name) != findings:
            self._findings[name] = findings
            self.generation += 1

    def of_document(self, document: str) -> Remote | None:
        """Who has the OpenAPI document `apis/GROUP/VERSION`."""
        for name, findings in self._findings.items():
            if document in findings.documents:
                return self._by_name.get(name)
        return None
