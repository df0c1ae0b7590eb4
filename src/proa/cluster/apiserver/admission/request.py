"""What an admission step is asked."""

from __future__ import annotations

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

    def creates(self, qualified: str) -> bool:
        """Whether an object of that kind is created (`pods`, `deployments.apps`)."""
        return self.operation == "CREATE" and self.target.qualified == qualified and not self.target.subresource
