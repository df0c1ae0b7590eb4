"""pods/proxy, services/proxy and nodes/proxy: where a request goes that is passed on.

A name may say more than the object's: `[SCHEME:]NAME[:PORT]`. Source: registry/core/pod/strategy.go,
registry/core/service/storage, registry/core/node/strategy.go (ResourceLocation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from proa.cluster.apiserver.subresources.log import KubeletClient
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.view import View
from proa.errors import BadRequest, ServiceUnavailable
from proa.kube.meta import labels_of
from proa.kube.resources import ENDPOINT_SLICES, NODES, PODS, SERVICES, Object

_SERVICE_NAME = "kubernetes.io/service-name"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Backend:
    """What answers; `kubelet` tells that it is a node's own, which knows our certificate."""

    scheme: str
    host: str
    port: int
    kubelet: bool = False


class Locator:
    """Finds backends."""

    def __init__(self, view: View, kubelets: KubeletClient) -> None:
        self._view = view
        self._kubelets = kubelets

    def locate(self, target: Target) -> Backend:
        """Raises BadRequest for a malformed name, NotFound, ServiceUnavailable when nothing can answer."""
        scheme, name, port = parse_name(target.name)
        about = replace(target, name=name)
        find = {"pods": self._pod, "services": self._service, "nodes": self._node}[target.resource.plural]
        return find(about, scheme, port)

    def _pod(self, target: Target, scheme: str, port: str) -> Backend:
        pod = self._view.get(PODS, target.name, target.namespace)
        if pod is None:
            raise target.not_found()
        address = (pod.get("status") or {}).get("podIP")
        if not address:
            raise BadRequest("address not allowed")
        return Backend(scheme or "http", address, _pod_port(pod, scheme, port))

    def _service(self, target: Target, scheme: str, port: str) -> Backend:
        service = self._view.get(SERVICES, target.name, target.namespace)
        if service is None:
            raise target.not_found()
        wanted = _service_port(service, port)
        slices = self._view.list(ENDPOINT_SLICES, target.namespace)
        mine = [one for one in slices if labels_of(one).get(_SERVICE_NAME) == target.name]
        for host, number in _ready(mine, wanted.get("name", "")):
            return Backend(scheme or "http", host, number)
        raise ServiceUnavailable(f'no endpoints available for service "{target.name}"')

    def _node(self, target: Target, scheme: str, port: str) -> Backend:
        if self._view.get(NODES, target.name) is None:
            raise target.not_found()
        kubelet = self._kubelets.base(target.name)
        host, own = str(kubelet.host), int(kubelet.port or 0)
        if not port or int(port) == own:
            return Backend("https", host, own, kubelet=True)
        return Backend(scheme or "http", host, int(port))


def parse_name(text: str) -> tuple[str, str, str]:
    """(scheme, name, port) of `[SCHEME:]NAME[:PORT]`. Raises BadRequest."""
    parts = text.split(":")
    if len(parts) == 1:
        return "", text, ""
    if len(parts) == 2:
        parts = ["", *parts]
    scheme, name, port = parts if len(parts) == 3 else ("?", "", "")
    if scheme not in ("", "http", "https") or not name:
        raise BadRequest(f'invalid name "{text}": write [http:|https:]NAME[:PORT]')
    return scheme, name, port


def _pod_port(pod: Object, scheme: str, port: str) -> int:
    if port.isdigit():
        return int(port)
    ports = [one for c in pod["spec"].get("containers") or () for one in c.get("ports") or ()]
    for one in ports:
        if not port or one.get("name") == port:
            return int(one["containerPort"])
    if port:
        raise BadRequest(f'pod "{pod["metadata"]["name"]}" has no port "{port}"')
    return _DEFAULT_PORTS[scheme or "http"]


def _service_port(service: Object, port: str) -> Object:
    ports: list[Object] = (service.get("spec") or {}).get("ports") or []
    for one in ports:
        if not port or port in (one.get("name", ""), str(one["port"])):
            return one
    raise ServiceUnavailable(f'no service port "{port}" found for service "{service["metadata"]["name"]}"')


def _ready(slices: list[Object], name: str) -> Iterator[tuple[str, int]]:
    for one in slices:
        numbers = [
            p["port"] for p in one.get("ports") or () if (p.get("name") or "") == name and p.get("port")
        ]
        for endpoint in one.get("endpoints") or ():
            if numbers and (endpoint.get("conditions") or {}).get("ready") is not False:
                yield endpoint["addresses"][0], int(numbers[0])
