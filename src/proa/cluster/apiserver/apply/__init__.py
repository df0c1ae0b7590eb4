"""Server-side apply: who owns which field, and what an applied configuration makes of an object."""

from proa.cluster.apiserver.apply.managers import Manager
from proa.cluster.apiserver.apply.ownership import applied, updated

__all__ = ["Manager", "applied", "updated"]
