"""What is created below an object, one file each, and reviews, which are answered and not stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.target import Target
from proa.kube.resources import Object

Creator = Callable[[Target, User, Object, WriteOptions], Awaitable[Object]]
"""Answers the POST of a body that is not stored."""

__all__ = ["Creator"]
