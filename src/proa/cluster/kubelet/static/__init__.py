"""Pods of files on the node: they run without the API, which only shows a mirror of each."""

from proa.cluster.kubelet.static.mirrors import Mirrors
from proa.cluster.kubelet.static.source import StaticSource

__all__ = ["Mirrors", "StaticSource"]
