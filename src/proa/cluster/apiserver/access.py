"""Who may do what, put together: authorization, and the admission steps that belong to it."""

from __future__ import annotations

import asyncio

from proa.cluster.apiserver import roles
from proa.cluster.apiserver.admission import Step, about
from proa.cluster.apiserver.admission.escalation import GRANTING, GrantLimits
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.certificates import admission as certificates
from proa.cluster.apiserver.certificates.admission import SignerRights
from proa.cluster.apiserver.nodes import NodeAuthorizer, NodeGraph, restriction
from proa.cluster.apiserver.rbac import Rbac
from proa.cluster.apiserver.view import View


class Access:
    """The parts that decide about users, over one view of the present."""

    def __init__(self, view: View) -> None:
        self._graph = NodeGraph(view)
        self.authorizer = Authorizer(Rbac(view), NodeAuthorizer(self._graph, roles.node_rules()))
        self.completing: tuple[Step, ...] = (
            about(*GRANTING)(GrantLimits(self.authorizer).admit),
            certificates.complete,
        )
        """Admission steps before an object is checked."""
        signers = SignerRights(self.authorizer)
        self.validating: tuple[Step, ...] = (
            restriction.admit,
            about(certificates.QUALIFIED)(signers.admit),
            about(certificates.OF_PODS)(signers.admit_outcome),
        )
        """Admission steps after that."""

    def tasks(self) -> list[asyncio.Task[None]]:
        """What keeps this current; cancel them at the end."""
        return [asyncio.get_running_loop().create_task(self._graph.run())]
