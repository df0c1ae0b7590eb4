"""Which users are nodes."""

from __future__ import annotations

from proa.cluster.apiserver.identity import User

NODES_GROUP = "system:nodes"
_PREFIX = "system:node:"


def node_of(user: User) -> str | None:
    """The name of the node that the user is; None for everybody else."""
    if NODES_GROUP not in user.groups or not user.name.startswith(_PREFIX):
        return None
    return user.name[len(_PREFIX) :] or None
