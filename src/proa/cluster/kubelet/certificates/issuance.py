"""Pods' own certificates, by PodCertificateRequest (source: pkg/kubelet/podcertificate)."""

from __future__ import annotations

import asyncio
import base64
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from proa.cluster.kubelet.certificates.pem import certificates, clean, new_key
from proa.cluster.kubelet.following import Following
from proa.cluster.kubelet.pods import account_of
from proa.cluster.kubelet.problems import VolumeProblem
from proa.kube import (
    NODES,
    SERVICE_ACCOUNTS,
    Client,
    Informer,
    Object,
    condition_is_true,
    find_condition,
    parse_time,
)
from proa.kube.resources import POD_CERTIFICATE_REQUESTS

_JITTER = 300.0
_GONE_AFTER = 600.0
"""Seconds after which a request that is not there counts as deleted, not as not yet seen."""
_REFUSALS = {"Denied": "denied", "Failed": "failed"}


class Credential(NamedTuple):
    """A private key and the certificates of its chain, leaf first, in PEM."""

    key: bytes
    chain: bytes


class _Request(NamedTuple):
    key: bytes
    name: str
    gone_at: float


@dataclass
class _Use:
    """One projection of one pod: what it has, and what it has asked for."""

    credential: Credential | None = None
    renew_at: float = 0.0
    request: _Request | None = None


class PodCertificates:
    """Asks for certificates, and again when their signer wants them renewed.

    Keys live in memory alone: after a restart of the kubelet all are asked for anew. `on_change` is called
    with the uid of a pod when one of its requests changes.
    """

    def __init__(self, client: Client, node: str, on_change: Callable[[str], None]) -> None:
        self._client = client
        self._node = node
        self._requests = Informer(client, POD_CERTIFICATE_REQUESTS, field_selector=f"spec.nodeName={node}")
        self._requests.on_change(lambda old, new: on_change(((new or old) or {})["spec"]["podUID"]))
        self._following = Following(self._requests)
        self._uses: dict[tuple[str, str], _Use] = {}

    async def credential(self, pod: Object, place: str, projection: Object) -> Credential:
        """What a `podCertificate` at a place of the pod shows.

        Raises VolumeProblem as long as it is not issued, and for ever when it was refused; ApiError.
        """
        use = self._uses.setdefault((pod["metadata"]["uid"], place), _Use())
        await self._following.begin()
        if use.request is None and time.time() >= use.renew_at:
            use.request = await self._ask(pod, projection)
        if use.request is not None:
            self._settle(use, use.request, pod["metadata"]["namespace"])
        if use.credential is None:
            raise VolumeProblem("credential bundle is not issued yet")
        return use.credential

    def due(self) -> set[str]:
        """Uids of the pods that have a certificate to renew, or a request that is lost."""
        present = time.time()
        return {uid for (uid, _), use in self._uses.items() if present >= _next_look(use)}

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for key in [key for key in self._uses if key[0] == uid]:
            del self._uses[key]

    async def close(self) -> None:
        """Follow nothing any more."""
        await self._following.end()

    def _settle(self, use: _Use, request: _Request, namespace: str) -> None:
        """Take what has become of a request. Raises VolumeProblem for a refusal."""
        found = self._requests.get(f"{namespace}/{request.name}")
        if found is None:
            if time.time() >= request.gone_at:
                use.request = None
            return
        for condition, word in _REFUSALS.items():
            if refused := find_condition(found, condition):
                use.request = request._replace(gone_at=math.inf)
                why = f'reason="{refused.get("reason", "")}" message="{refused.get("message", "")}"'
                raise VolumeProblem(f"PodCertificateRequest was permanently {word}: {why}")
        if condition_is_true(found, "Issued"):
            status = found["status"]
            use.credential = Credential(request.key, clean(certificates(status["certificateChain"])))
            use.renew_at = parse_time(status["beginRefreshAt"]).timestamp() + random.uniform(0, _JITTER)
            use.request = None

    async def _ask(self, pod: Object, projection: Object) -> _Request:
        key, stub = await asyncio.to_thread(new_key, projection["keyType"])
        namespace = pod["metadata"]["namespace"]
        node = await self._client.get(NODES, self._node)
        account = await self._client.get(SERVICE_ACCOUNTS, account_of(pod), namespace)
        request = _request(pod, projection, node, account, stub)
        made = await self._client.create(POD_CERTIFICATE_REQUESTS, request, namespace)
        return _Request(key, made["metadata"]["name"], time.time() + _GONE_AFTER)


def _request(pod: Object, projection: Object, node: Object, account: Object, stub: bytes) -> Object:
    metadata = pod["metadata"]
    owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    spec = {
        "signerName": projection["signerName"],
        "podName": metadata["name"],
        "podUID": metadata["uid"],
        "serviceAccountName": account["metadata"]["name"],
        "serviceAccountUID": account["metadata"]["uid"],
        "nodeName": node["metadata"]["name"],
        "nodeUID": node["metadata"]["uid"],
        "stubPKCS10Request": base64.b64encode(stub).decode(),
        "maxExpirationSeconds": projection.get("maxExpirationSeconds"),
        "unverifiedUserAnnotations": projection.get("userAnnotations"),
    }
    return {
        "apiVersion": POD_CERTIFICATE_REQUESTS.api_version,
        "kind": POD_CERTIFICATE_REQUESTS.kind,
        "metadata": {"generateName": "req-", "ownerReferences": [owner]},
        "spec": {name: value for name, value in spec.items() if value is not None},
    }


def _next_look(use: _Use) -> float:
    return use.request.gone_at if use.request else use.renew_at
