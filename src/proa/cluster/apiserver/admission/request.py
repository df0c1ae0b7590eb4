"""What an admission step is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import DeleteOptions, WriteOptions
from proa.cluster.apiserver.target import Target
from proa.kube.resources import Object

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]


def _as_it_is(obj: Object) -> Object:
    return obj


@dataclass(slots=True)
class Request:
    """What is about to happen; mutating steps may change `obj` in place.

    `obj` is what the request is about: for a subresource with a kind of its own (Scale, Binding, Eviction)
    an object of that kind, for CONNECT the options, for DELETE the object that goes, as `old` is.

    A write is done within it as a context: what steps reserved is undone unless the block ends well, and
    after a dry run.
    """

    operation: Operation
    target: Target
    user: User
    obj: Object
    old: Object | None = None
    options: WriteOptions | DeleteOptions = field(default_factory=WriteOptions)
    complete: Callable[[Object], Object] = _as_it_is
    """Brings an object that a webhook or policy made into the form of its kind."""
    round: int = 0
    """1 when mutators are asked for the second time, else 0."""
    version: int = 0
    """How many times the object was replaced."""
    invoked: dict[str, int] = field(default_factory=dict)
    """Which webhooks and policies were asked, and the version of the object that they left behind."""
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What to call when the write does not happen after all."""
    ended: list[Callable[[], None]] = field(default_factory=list)
    """What to call when the write has ended, either way."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing will be written."""
        return self.options.dry_run

    @property
    def warnings(self) -> list[str]:
        """What the answer's Warning headers will say."""
        return self.options.warnings

    @property
    def name(self) -> str:
        """The object's name; empty while it is still to be generated."""
        metadata = self.obj.get("metadata") or {}
        return self.target.name or metadata.get("name") or ""

    def replace(self, obj: Object) -> None:
        """Take what a webhook or policy made of the object."""
        self.obj = self.complete(obj)
        self.version += 1

    def knows(self, asked: str) -> bool:
        """Whether a webhook or policy was asked, and the object is as that left it."""
        return self.invoked.get(asked) == self.version

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if error is not None or self.dry_run:
            while self.undo:
                self.undo.pop()()
        while self.ended:
            self.ended.pop()()

    def creates(self, qualified: str) -> bool:
        """Whether an object of that kind is created (`pods`, `deployments.apps`)."""
        return (
            self.operation == "CREATE" and self.target.qualified == qualified and not self.target.subresource
        )
