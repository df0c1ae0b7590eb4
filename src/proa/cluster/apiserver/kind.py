"""What the API server must know about a kind, as one declaration.

All behaviour that hangs on a kind is pure: it reads no clock and no other object. The
address (group, version, plural, scope) is the `resource`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from proa.cluster.apiserver.columns.column import NAME_AND_AGE, Column
from proa.cluster.apiserver.form import Conversion, Form
from proa.cluster.apiserver.schema.field_error import FieldError
from proa.kube.resources import Object, Resource

Mutator = Callable[[Object], None]
"""Fills in an object in place."""

Rule = Callable[[Object, Object | None], Iterable[FieldError]]
"""Complaints about an object; the second argument is the stored one on an update."""

FieldReader = Callable[[Object], str]
"""The value of a selectable field; empty when it is not set."""

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Subresource:
    """A path below an object; kind, group and version stand only where they are not the parent's."""

    name: str
    verbs: tuple[str, ...] = ("get", "patch", "update")
    kind: str = ""
    group: str = ""
    version: str = ""


@dataclass(frozen=True)
class ScalePaths:
    """Where /scale finds what it shows, as names of fields; the selector is a text where it is custom."""

    replicas: tuple[str, ...]
    observed: tuple[str, ...]
    selector: tuple[str, ...] = ()


STATUS = Subresource("status")
SCALE = Subresource("scale", kind="Scale", group="autoscaling", version="v1")


def no_status(obj: Object) -> None:
    """The usual first status: what a client sends as status of a new object is dropped."""
    obj.pop("status", None)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One built-in kind. `resource` is its identity; the rest is behaviour."""

    resource: Resource
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    columns: tuple[Column, ...] = NAME_AND_AGE
    defaults: tuple[Mutator, ...] = ()
    additions: tuple[Mutator, ...] = ()
    """What the server adds to a new object in its own name: not its maker's fields, as defaults are."""
    rules: tuple[Rule, ...] = ()
    fields: Mapping[str, FieldReader] = field(default_factory=dict)
    """The fields that a field selector may name."""
    first_status: Mutator = no_status
    """Sets, in place, the status of an object that is being created."""
    returns_deleted: bool = False
    """Whether a delete answers with the object that is gone instead of a Status."""
    status_alone: bool = False
    """Whether a write to /status leaves labels and annotations as they are."""
    unconditional_updates: bool = True
    """Whether a replacement may leave open which resourceVersion it is of."""
    orphans: bool = False
    """Whether a delete that does not say what becomes of dependents leaves them."""
    generation: bool = False
    """Whether metadata.generation counts the changes of what the object asks for."""
    stored_as: Resource | None = None
    """Whose collection the objects lie in, when it is another group's or version's."""
    prepare: Mutator | None = None
    """Fills in, before the schema is asked, what an old version let its author leave open."""
    schema_of: tuple[str, str] | None = None
    """The apiVersion and kind whose published schema this one has, when it is not its own."""
    conversion: Conversion | None = None
    """How objects of this version are stored, when another version of the kind is the stored one."""
    form: Form | None = None
    """The looks of a custom resource; None for kinds with a published schema."""
    scale: ScalePaths | None = None
    """What /scale of a custom resource shows; None for those of workloads."""
    deprecation: str = ""
    """A warning for everybody who uses this version."""
    singular_name: str = ""
    list_name: str = ""

    @cached_property
    def qualified(self) -> str:
        """`pods`, or `deployments.apps` with a group."""
        resource = self.resource
        return f"{resource.plural}.{resource.group}" if resource.group else resource.plural

    @property
    def singular(self) -> str:
        """The lower-case name of one object."""
        return self.singular_name or self.resource.kind.lower()

    @property
    def list_kind(self) -> str:
        """The kind of a list of these objects."""
        return self.list_name or f"{self.resource.kind}List"

    @property
    def create_only(self) -> bool:
        """Whether objects are answered and never stored (reviews, bindings)."""
        return self.verbs == ("create",)

    def default(self, obj: Object) -> None:
        """Fill in, in place, what the object leaves open. A second call changes nothing."""
        for mutate in self.defaults:
            mutate(obj)

    def add(self, obj: Object) -> None:
        """Add, in place, what is the server's own to a new object that has its defaults."""
        for mutate in self.additions:
            mutate(obj)

    def validate(self, obj: Object, old: Object | None = None) -> list[FieldError]:
        """Complaints beyond those of the schema and of metadata; `old` is given on updates."""
        return [error for rule in self.rules for error in rule(obj, old)]

    def selectable(self, obj: Object) -> dict[str, str]:
        """What field selectors see of an object."""
        return {name: read(obj) for name, read in self.fields.items()}


class Group:
    """Declares the kinds of one group and version."""

    def __init__(self, name: str, version: str = "v1") -> None:
        self.name = name
        self.version = version

    def namespaced(self, plural: str, kind: str, **options: Any) -> Kind:
        """A kind whose objects live in namespaces; options are the fields of Kind."""
        return self._kind(Resource(self.name, self.version, plural, kind), **options)

    def cluster_wide(self, plural: str, kind: str, **options: Any) -> Kind:
        """A kind whose objects live outside of namespaces; options are the fields of Kind."""
        return self._kind(Resource(self.name, self.version, plural, kind, namespaced=False), **options)

    def _kind(
        self,
        resource: Resource,
        *,
        subresources: Iterable[Subresource] = (),
        fields: Mapping[str, FieldReader] | None = None,
        **options: Any,
    ) -> Kind:
        common = {"metadata.name": read("metadata", "name")}
        if resource.namespaced:
            common["metadata.namespace"] = read("metadata", "namespace")
        by_name = {subresource.name: subresource for subresource in subresources}
        return Kind(resource=resource, subresources=by_name, fields=common | dict(fields or {}), **options)


def read(*path: str) -> FieldReader:
    """A reader of the field at a path; what is absent is empty, and true is `true`."""

    def reader(obj: Object) -> str:
        value: Any = obj
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)

    return reader
