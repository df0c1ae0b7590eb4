"""Whether an APIService is available, as its condition tells it. Pure.

Source: kube-aggregator pkg/controllers/status.
"""

from __future__ import annotations

from typing import NamedTuple

from proa.cluster.apiserver.aggregation.backends import ServiceBackend
from proa.cluster.apiserver.aggregation.endpoints import addresses, port_name
from proa.cluster.apiserver.aggregation.remotes import Remote
from proa.kube.meta import find_condition, now
from proa.kube.resources import Object


class Verdict(NamedTuple):
    """Status, reason and message of the condition Available."""

    available: bool
    reason: str
    message: str


LOCAL = Verdict(True, "Local", "Local APIServices are always available")
PASSED = Verdict(True, "Passed", "all checks passed")


def unreachable(message: str) -> Verdict:
    """The server did not answer as it should."""
    return Verdict(False, "FailedDiscoveryCheck", message)


def obstacle(remote: Remote, backend: ServiceBackend) -> Verdict | None:
    """Why the server cannot even be asked; None when it can."""
    where = f'service/{remote.service} in "{remote.namespace}"'
    if backend.service is None:
        return Verdict(False, "ServiceNotFound", f"{where} is not present")
    if backend.service["spec"].get("type", "ClusterIP") != "ClusterIP":
        return None
    name = port_name(backend.service, remote.port)
    if name is None:
        return Verdict(False, "ServicePortError", f"{where} is not listening on port {remote.port}")
    if not backend.slices:
        return Verdict(False, "EndpointsNotFound", f"cannot find endpointslices for {where}")
    if not addresses(backend.slices, name):
        message = f'endpointslices for {where} have no addresses with port name "{name}"'
        return Verdict(False, "MissingEndpoints", message)
    return None


def with_verdict(api_service: Object, verdict: Verdict) -> Object:
    """The APIService with the condition; the same object when it says so already."""
    old = find_condition(api_service, "Available")
    word = "True" if verdict.available else "False"
    said = old and (old["status"], old.get("reason"), old.get("message"))
    if said == (word, verdict.reason, verdict.message):
        return api_service
    condition = {
        "type": "Available",
        "status": word,
        "lastTransitionTime": old["lastTransitionTime"] if old and old["status"] == word else now(),
        "reason": verdict.reason,
        "message": verdict.message,
    }
    status = api_service.get("status") or {}
    others = [c for c in status.get("conditions") or () if c["type"] != "Available"]
    return api_service | {"status": status | {"conditions": [*others, condition]}}
