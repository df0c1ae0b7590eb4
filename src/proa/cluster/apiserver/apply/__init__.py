"""Server-side apply: who owns which field, and what an applied configuration makes of an object."""

from proa.cluster.apiserver.apply.managers import Manager
from proa.cluster.apiserver.apply.ownership import applied, created, updated
from proa.cluster.apiserver.apply.yielding import renew_last_applied, yielded_by_last_applied

__all__ = ["Manager", "applied", "created", "renew_last_applied", "updated", "yielded_by_last_applied"]
