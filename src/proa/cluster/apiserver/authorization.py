"""Who may do what: the authorizers in their order, and the refusal in upstream's words.

system:masters may everything; a node is judged by the node authorizer; roles and bindings decide the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.nodes import NodeAuthorizer
from proa.cluster.apiserver.rbac import Rbac
from proa.cluster.apiserver.target import Target
from proa.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why (not), as far as that can be told."""

    allowed: bool
    reason: str = ""


class Authorizer:
    """Asks one authorizer after the other."""

    def __init__(self, rbac: Rbac, nodes: NodeAuthorizer) -> None:
        self.rbac = rbac
        self._nodes = nodes

    def require(self, user: User, action: Action, target: Target | None = None) -> None:
        """Raises Forbidden unless the user may do it."""
        if MASTERS in user.groups or self.rbac.allows(user, action):
            return
        objection = self._nodes.objection(user, action)
        if objection == "":
            return
        raise refusal(user, action, objection or "", target)

    def allowed(self, user: User, action: Action) -> bool:
        """Whether the user may do it."""
        return (
            MASTERS in user.groups
            or self.rbac.allows(user, action)
            or self._nodes.objection(user, action) == ""
        )

    def decide(self, user: User, action: Action) -> Decision:
        """The same with the reason, which costs more."""
        if MASTERS in user.groups:
            return Decision(allowed=True)
        objection = self._nodes.objection(user, action)
        if objection == "":
            return Decision(allowed=True)
        if reason := self.rbac.reason(user, action):
            return Decision(allowed=True, reason=reason)
        return Decision(allowed=False, reason=f"node: {objection}" if objection else "")


def refusal(user: User, action: Action, objection: str = "", target: Target | None = None) -> Forbidden:
    """The error for what a user may not do."""
    said = f'User "{user.name}" {action.describe()}' + (f": node: {objection}" if objection else "")
    if action.path:
        return Forbidden(f"forbidden: {said}")
    details = {"name": action.name, "group": action.group, "kind": action.resource}
    what = target.qualified if target else ".".join(filter(None, (action.resource, action.group)))
    name = f' "{action.name}"' if action.name else ""
    return Forbidden(f"{what}{name} is forbidden: {said}", {k: v for k, v in details.items() if v})
