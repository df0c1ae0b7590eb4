"""What a component needs from a Kubernetes API server, whatever carries the requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from proa.kube.resources import Object, Resource


class PatchType(Enum):
    """Media types of a patch request."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class WatchEvent(NamedTuple):
    """One line of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, and the object."""

    type: str
    object: Object


class Client(Protocol):
    """Requests to an API server. Every method raises `proa.errors.ApiError` for a failure Status."""

    async def get(
        self, resource: Resource, name: str, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        """One object."""

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Object:
        """The List object; `items` is always there. No namespace means all."""

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        initial_events: bool = False,
        timeout_seconds: int = 0,
    ) -> AsyncIterator[WatchEvent]:
        """Events until the server ends the stream. Raises Expired when the revision is too old.

        With `initial_events` the present objects come first as ADDED, then a BOOKMARK whose
        annotation `k8s.io/initial-events-end` is "true".
        """

    async def create(
        self, resource: Resource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        """The object as stored. `name` only with a subresource such as binding or token."""

    async def update(self, resource: Resource, obj: Object, *, subresource: str = "") -> Object:
        """Replace; Conflict when the object's resourceVersion is not the latest."""

    async def patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any] | Sequence[Any],
        namespace: str = "",
        *,
        kind: PatchType = PatchType.MERGE,
        subresource: str = "",
        field_manager: str = "",
    ) -> Object:
        """The object after the patch."""

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        grace_period_seconds: int | None = None,
        propagation_policy: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Object:
        """The object that now terminates, or a Status when it is gone."""

    async def close(self) -> None:
        """Give back connections."""
