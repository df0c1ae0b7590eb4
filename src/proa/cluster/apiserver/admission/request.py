"""What an admission step is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.target import Target
from proa.kube.resources import Object

Operation = Literal["CREATE", "UPDATE", "DELETE"]


@dataclass(slots=True)
class Request:
    """A write that is about to happen; `obj` may be changed in place."""

    operation: Operation
    target: Target
    user: User
    obj: Object
    old: Object | None = None
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What to call when the write does not happen after all."""

    @contextmanager
    def provisional(self) -> Iterator[None]:
        """Undo what steps reserved unless the block, which writes, ends well. A dry run undoes it too."""
        try:
            yield
        except BaseException:
            self.revert()
            raise
        if self.dry_run:
            self.revert()

    def revert(self) -> None:
        """Give back what steps reserved."""
        while self.undo:
            self.undo.pop()()

    def creates(self, qualified: str) -> bool:
        """Whether an object of that kind is created (`pods`, `deployments.apps`)."""
        return (
            self.operation == "CREATE" and self.target.qualified == qualified and not self.target.subresource
        )
