"""serviceaccounts/token: a token for an account (source: authentication.k8s.io/v1 TokenRequest)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.cluster.apiserver.subresources import Post
from proa.cluster.apiserver.tokens import Grant, TokenSigner
from proa.cluster.apiserver.view import View
from proa.errors import BadRequest, Conflict, Invalid, NotFound
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
        name = (body.get("metadata") or {}).get("name")
        if name and name != target.name:
            detail = "must match the service account name if specified"
            raise _invalid(target.name, invalid_value("metadata.name", name, detail))
        if seconds < MINIMUM_SECONDS:
            detail = "may not specify a duration less than 10 minutes"
            raise _invalid("", invalid_value("spec.expirationSeconds", seconds, detail))
        if seconds > MAXIMUM_SECONDS:
            detail = "may not specify a duration larger than 2^32 seconds"
            raise _invalid("", invalid_value("spec.expirationSeconds", seconds, detail))
        spec["audiences"] = spec.get("audiences") or list(self._audiences)
        spec.setdefault("boundObjectRef", None)
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
        version, kind, name = (reference.get(key) or "" for key in ("apiVersion", "kind", "name"))
        if kind not in _BOUND:
            raise BadRequest(f"cannot bind token to object of type /{version}, Kind={kind}")
        if not name:
            raise BadRequest("Name parameter required.")
        claim, resource = _BOUND[kind]
        obj = self._view.get(resource, name, namespace if resource.namespaced else "")
        if obj is None:
            details = {"name": name, "kind": resource.plural}
            raise NotFound(f'{resource.plural} "{name}" not found', details)
        uid = obj["metadata"]["uid"]
        if reference.get("uid") not in (None, "", uid):
            raise Conflict(
                f'Operation cannot be fulfilled on {resource.plural} "{name}": the UID in the bound object '
                f"reference ({reference['uid']}) does not match the UID in record. "
                "The object might have been deleted and then recreated",
                {"name": name, "kind": resource.plural},
            )
        claims = {claim: _named(obj)}
        node = obj.get("spec", {}).get("nodeName") if claim == "pod" else None
        if node and (found := self._view.get(NODES, node)):
            claims["node"] = _named(found)
        return claims


def _invalid(name: str, error: FieldError) -> Invalid:
    return invalid("TokenRequest", "authentication.k8s.io", name, [error])


def _named(obj: Object) -> dict[str, str]:
    return {"name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}
