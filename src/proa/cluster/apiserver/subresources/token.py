"""serviceaccounts/token: a token for an account (source: authentication.k8s.io/v1 TokenRequest)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import invalid_value
from proa.cluster.apiserver.subresources import Post
from proa.cluster.apiserver.tokens import Grant, TokenSigner
from proa.cluster.apiserver.view import View
from proa.errors import NotFound
from proa.kube.resources import NODES, PODS, SECRETS, SERVICE_ACCOUNTS, Object, Resource

DEFAULT_SECONDS = 3600
MINIMUM_SECONDS = 600
MAXIMUM_SECONDS = 1 << 32
_BOUND: Mapping[str, tuple[str, Resource]] = {
    "Pod": ("pod", PODS),
    "Secret": ("secret", SECRETS),
    "Node": ("node", NODES),
}


class TokenRequests:
    """Issues tokens."""

    def __init__(self, view: View, signer: TokenSigner, audiences: Sequence[str]) -> None:
        self._view = view
        self._signer = signer
        self._audiences = audiences

    async def create(self, post: Post) -> Object:
        """The request with a token in its status. Raises NotFound, Invalid."""
        target, body = post.target, post.body
        account = self._view.get(SERVICE_ACCOUNTS, target.name, target.namespace)
        if account is None:
            raise target.not_found()
        spec = body.setdefault("spec", {})
        seconds = spec.setdefault("expirationSeconds", DEFAULT_SECONDS)
        if not MINIMUM_SECONDS <= seconds <= MAXIMUM_SECONDS:
            rule = "may not specify a duration less than 10 minutes or more than 2^32 seconds"
            raise invalid(
                "TokenRequest",
                "authentication.k8s.io",
                "",
                [invalid_value("spec.expirationSeconds", seconds, rule)],
            )
        spec["audiences"] = spec.get("audiences") or list(self._audiences)
        bound = self._bound(spec.get("boundObjectRef"), target.namespace)
        uid = account["metadata"]["uid"]
        token, expiry = self._signer.sign(
            Grant(target.namespace, target.name, uid, spec["audiences"], seconds, bound)
        )
        when = dt.datetime.fromtimestamp(expiry, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = {"name": target.name, "namespace": target.namespace, "creationTimestamp": None}
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": metadata,
            "spec": spec,
            "status": {"token": token, "expirationTimestamp": when},
        }

    def _bound(self, reference: Object | None, namespace: str) -> dict[str, dict[str, str]]:
        """The claims for what the token is bound to; a pod's node is told too."""
        if not reference:
            return {}
        if reference.get("kind") not in _BOUND:
            problem = invalid_value(
                "spec.boundObjectRef.kind", reference.get("kind"), "must be Pod, Secret or Node"
            )
            raise invalid("TokenRequest", "authentication.k8s.io", "", [problem])
        claim, resource = _BOUND[reference["kind"]]
        obj = self._view.get(resource, reference.get("name", ""), namespace)
        if obj is None or reference.get("uid") not in (None, "", obj["metadata"]["uid"]):
            raise NotFound(f'{resource.plural} "{reference.get("name")}" not found')
        claims = {claim: _named(obj)}
        node = obj.get("spec", {}).get("nodeName") if claim == "pod" else None
        if node and (found := self._view.get(NODES, node)):
            claims["node"] = _named(found)
        return claims


def _named(obj: Object) -> dict[str, str]:
    return {"name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}
