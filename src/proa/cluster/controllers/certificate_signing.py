"""Signing requests: the nodes' own are approved, what is approved is signed, what is done is forgotten.

Source: Kubernetes controllers csrapproving, csrsigning, csrcleaner; their periods are constants there too.
"""

from __future__ import annotations

import base64
import datetime as dt
from contextlib import suppress

from cryptography import x509

from proa.cluster.apiserver.certificates.requests import common_name, load_request
from proa.cluster.apiserver.certificates.signers import CHECKS, KUBELET_CLIENT
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.pki import Authority
from proa.errors import NotFound
from proa.kube import Controller, Manager, Object, Resource, Result, Source
from proa.kube.meta import condition_is_true, now, parse_time

REQUESTS = Resource(
    "certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", namespaced=False
)
_ACCESS = Resource(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)
_SECONDS = 365 * 86400
_PENDING, _DECIDED = dt.timedelta(hours=24), dt.timedelta(hours=1)
_LOOK_AGAIN = 3600.0


class CertificateSigning:
    """Reconciles signing requests."""

    def __init__(self, manager: Manager, authority: Authority) -> None:
        self._client = manager.client
        self._authority = authority
        self.requests = manager.informer(REQUESTS)

    async def reconcile(self, key: str) -> Result | None:
        """Approve, sign or remove, one of them at a time."""
        csr = self.requests.get(key)
        if csr is None:
            return None
        if _is_over(csr):
            with suppress(NotFound):
                await self._client.delete(REQUESTS, csr["metadata"]["name"], uid=csr["metadata"]["uid"])
        elif condition_is_true(csr, "Approved"):
            await self._sign(csr)
        elif not condition_is_true(csr, "Denied"):
            await self._approve(csr)
        return Result(requeue_after=_LOOK_AGAIN)

    async def _approve(self, csr: Object) -> None:
        """Approve what a node asks for itself, if roles say that it may."""
        spec = csr["spec"]
        if spec["signerName"] != KUBELET_CLIENT:
            return
        request = load_request(spec["request"])
        if CHECKS[KUBELET_CLIENT](request, spec["usages"]):
            return
        own = common_name(request) == spec.get("username")
        if own and await self._may(spec, "selfnodeclient"):
            await self._decide(
                csr, "Auto approving self kubelet client certificate after SubjectAccessReview."
            )
        elif await self._may(spec, "nodeclient"):
            await self._decide(csr, "Auto approving kubelet client certificate after review.")

    async def _may(self, spec: Object, subresource: str) -> bool:
        about = {
            "group": "certificates.k8s.io",
            "resource": "certificatesigningrequests",
            "verb": "create",
            "subresource": subresource,
        }
        user = {
            "user": spec.get("username", ""),
            "groups": spec.get("groups") or [],
            "uid": spec.get("uid", ""),
        }
        review = await self._client.create(_ACCESS, {"spec": {**user, "resourceAttributes": about}})
        return bool(review["status"]["allowed"])

    async def _decide(self, csr: Object, message: str) -> None:
        condition = {"type": "Approved", "status": "True", "reason": "AutoApproved", "message": message}
        conditions = [*((csr.get("status") or {}).get("conditions") or []), condition]
        changed = {**csr, "status": {**(csr.get("status") or {}), "conditions": conditions}}
        await self._client.update(REQUESTS, changed, subresource="approval")

    async def _sign(self, csr: Object) -> None:
        spec, status = csr["spec"], csr.get("status") or {}
        check = CHECKS.get(spec["signerName"])
        if check is None or status.get("certificate") or condition_is_true(csr, "Failed"):
            return
        request = load_request(spec["request"])
        if problem := check(request, spec["usages"]):
            status = {**status, "conditions": [*status["conditions"], _failure(problem)]}
        else:
            certificate = self._certificate(request, spec)
            status = {**status, "certificate": base64.b64encode(certificate).decode()}
        await self._client.update(REQUESTS, {**csr, "status": status}, subresource="status")

    def _certificate(self, request: x509.CertificateSigningRequest, spec: Object) -> bytes:
        seconds = min(spec.get("expirationSeconds") or _SECONDS, _SECONDS)
        return self._authority.sign_request(request, spec["usages"], dt.timedelta(seconds=seconds))


def _failure(problem: str) -> Object:
    moment = now()
    return {
        "type": "Failed",
        "status": "True",
        "reason": "SignerValidationFailure",
        "message": problem,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
    }


def _is_over(csr: Object) -> bool:
    """Whether nobody waits for it any more: an hour after its end, a day without a decision."""
    present, status = dt.datetime.now(dt.UTC), csr.get("status") or {}
    conditions = status.get("conditions") or []
    if not conditions:
        return present - parse_time(csr["metadata"]["creationTimestamp"]) > _PENDING
    decided = any(condition["type"] in ("Denied", "Failed") for condition in conditions)
    if not decided and not status.get("certificate"):
        return False
    last = max(parse_time(condition["lastUpdateTime"]) for condition in conditions)
    return present - last > _DECIDED


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager, when there is an authority to sign with."""
    if config.authority is not None:
        reconciler = CertificateSigning(manager, config.authority)
        sources = [Source(reconciler.requests)]
        manager.add(Controller("certificate-signing", reconciler, sources=sources))
