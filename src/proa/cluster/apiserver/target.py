"""What a request is about: a kind, and of it a collection, an object or a subresource."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.kind import Kind
from proa.errors import AlreadyExists, ApiError, Conflict, NotFound
from proa.kube.resources import Resource


def key_prefix(resource: Resource, namespace: str = "") -> str:
    """Store prefix of a kind, or of one namespace of it."""
    base = f"{resource.group}/{resource.plural}/"
    return f"{base}{namespace}/" if namespace and resource.namespaced else base


def object_key(resource: Resource, name: str, namespace: str = "") -> str:
    """Store key of one object."""
    return key_prefix(resource, namespace) + name


@dataclass(frozen=True)
class Target:
    """The address in a request's path."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> Resource:
        return self.kind.resource

    @cached_property
    def key(self) -> str:
        """Store key of the object."""
        return object_key(self.kind.stored_as or self.resource, self.name, self.namespace)

    @cached_property
    def prefix(self) -> str:
        """Store prefix of the collection."""
        return key_prefix(self.kind.stored_as or self.resource, self.namespace)

    @property
    def qualified(self) -> str:
        """`pods`, or `deployments.apps` with a group."""
        return self.kind.qualified

    @cached_property
    def _actions(self) -> dict[str, Action]:
        return {}

    def action(self, verb: str) -> Action:
        """What authorization is asked for a verb on this; the same object every time."""
        known = self._actions.get(verb)
        if known is None:
            group, plural = self.resource.group, self.resource.plural
            known = Action(verb, group, plural, self.subresource, self.namespace, self.name)
            self._actions[verb] = known
        return known

    def of(self, name: str) -> Target:
        """The same collection, one object."""
        return Target(self.kind, self.namespace, name, self.subresource)

    def details(self, uid: str = "") -> dict[str, str]:
        """`details` of a Status about this object."""
        details = {"name": self.name, "group": self.resource.group, "kind": self.resource.plural, "uid": uid}
        return {key: value for key, value in details.items() if value}

    def not_found(self) -> ApiError:
        """404."""
        return NotFound(f'{self.qualified} "{self.name}" not found', self.details())

    def exists(self) -> ApiError:
        """409 on create."""
        return AlreadyExists(f'{self.qualified} "{self.name}" already exists', self.details())

    def conflict(self, why: str) -> ApiError:
        """409 on update or delete."""
        message = f'Operation cannot be fulfilled on {self.qualified} "{self.name}": {why}'
        return Conflict(message, self.details())

    def stale(self) -> ApiError:
        """409 for a resourceVersion that is not the newest."""
        return self.conflict(
            "the object has been modified; please apply your changes to the latest version and try again"
        )
