"""Who asks a kubelet. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_API_SERVER = "kube-apiserver-kubelet-client"
_ADMINISTRATORS = "system:masters"
_AUTHENTICATED = "system:authenticated"


@dataclass(frozen=True)
class Caller:
    """A user as the API knows it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)

    @property
    def is_trusted(self) -> bool:
        """Whether this is the API server or an administrator, who may do all without being looked up."""
        return self.name == _API_SERVER or _ADMINISTRATORS in self.groups

    def spec(self) -> dict[str, Any]:
        """The part of a SubjectAccessReview's spec that names the user."""
        extra = {name: list(values) for name, values in self.extra.items()}
        whole = {"user": self.name, "groups": list(self.groups), "uid": self.uid, "extra": extra}
        return {name: value for name, value in whole.items() if value}


def of_certificate(certificate: Any) -> Caller | None:
    """The user of a verified certificate (of `getpeercert`); None when there is none."""
    subject = [pair for part in (certificate or {}).get("subject", ()) for pair in part]
    name = next((value for key, value in subject if key == "commonName"), "")
    groups = tuple(value for key, value in subject if key == "organizationName")
    return Caller(name, (*groups, _AUTHENTICATED)) if name else None


def of_review(status: Mapping[str, Any]) -> Caller | None:
    """The user of a TokenReview's status; None when the token is nobody's."""
    user = status.get("user") or {}
    if not status.get("authenticated") or not user.get("username"):
        return None
    return Caller(
        user["username"], tuple(user.get("groups") or ()), user.get("uid") or "", user.get("extra") or {}
    )
