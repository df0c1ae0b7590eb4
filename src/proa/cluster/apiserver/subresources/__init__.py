"""What is created below an object, one file each, and reviews, which are answered and not stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.target import Target
from proa.kube.resources import Object


@dataclass(frozen=True, slots=True)
class Post:
    """A body that was sent to be answered, not stored."""

    target: Target
    user: User
    body: Object
    options: WriteOptions


Creator = Callable[[Post], Awaitable[Object]]
"""Answers the POST of a review or of a subresource."""

__all__ = ["Creator", "Post"]
