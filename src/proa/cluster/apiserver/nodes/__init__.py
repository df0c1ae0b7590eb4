"""What nodes may do: of the objects of others only those that their own pods need."""

from proa.cluster.apiserver.nodes.authorizer import NodeAuthorizer
from proa.cluster.apiserver.nodes.graph import NodeGraph
from proa.cluster.apiserver.nodes.identity import node_of

__all__ = ["NodeAuthorizer", "NodeGraph", "node_of"]
