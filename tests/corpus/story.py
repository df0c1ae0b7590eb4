"""What is asked: stories of steps, each step one line of a table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@dataclass(frozen=True)
class Step:
    """One request.

    `<ns>` in a path or body stands for the story's namespace, `<NAME>` for what an earlier step kept:
    `keep` maps a name to a path in that step's answer, as in {"rv": "metadata.resourceVersion"}.
    A body is an object, which is sent as JSON, or bytes or text, which are sent as they are.
    `events` is how many lines of a watch are read. Of a long answer, `only` picks the paths to compare.
    """

    name: str
    method: str
    path: str
    body: Any = None
    type: str = JSON
    accept: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    events: int = 0
    keep: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    until: int = 0
    """Ask again until the answer has this code."""
    user: str = "admin"
    groups: tuple[str, ...] = ("system:masters",)

    @property
    def content(self) -> bytes | None:
        """The body as bytes, with what stands for other things still in it."""
        if isinstance(self.body, str):
            return self.body.encode()
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()

    @property
    def digest(self) -> str:
        """Tells whether an answer was recorded for this very request."""
        parts: tuple[Any, ...] = (
            self.method,
            self.path,
            self.type,
            self.accept,
            sorted(self.headers.items()),
            self.events,
        )
        parts = (*parts, self.until) if self.until else parts
        whole = json.dumps([*parts, self.only, self.user, self.groups]).encode() + (self.content or b"")
        return hashlib.sha256(whole).hexdigest()[:12]


@dataclass(frozen=True)
class Story:
    """Steps in their order. With `namespace` false it has none of its own."""

    name: str
    steps: tuple[Step, ...]
    namespace: bool = True

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            raise ValueError(f"the story {self.name} has two steps of one name: {names}")


def story(name: str, *steps: Step, namespace: bool = True) -> Story:
    """A story of several steps."""
    return Story(name, steps, namespace)


def get(name: str, path: str, **more: Any) -> Step:
    """A GET."""
    return Step(name, "GET", path, **more)


def watch(name: str, path: str, events: int, **more: Any) -> Step:
    """The first lines of a watch."""
    return Step(name, "GET", path, events=events, **more)


def post(name: str, path: str, body: Any, **more: Any) -> Step:
    """A POST."""
    return Step(name, "POST", path, body, **more)


def put(name: str, path: str, body: Any, **more: Any) -> Step:
    """A PUT."""
    return Step(name, "PUT", path, body, **more)


def patch(name: str, path: str, body: Any, type: str = MERGE, **more: Any) -> Step:  # noqa: A002 - as Step
    """A PATCH; a merge patch unless told otherwise."""
    return Step(name, "PATCH", path, body, type, **more)


def apply(name: str, path: str, body: Any, query: str = "fieldManager=me", **more: Any) -> Step:
    """A server-side apply."""
    return Step(name, "PATCH", f"{path}?{query}", body, APPLY, **more)


def delete(name: str, path: str, body: Any = None, **more: Any) -> Step:
    """A DELETE."""
    return Step(name, "DELETE", path, body, **more)
