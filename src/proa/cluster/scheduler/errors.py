"""Why a pod gets no node."""

from __future__ import annotations

from proa.errors import ProaError


class UnschedulableError(ProaError):
    """No node can do, whatever its state: said once instead of once per node."""


class BindingError(ProaError):
    """The decision cannot be carried out; the pod needs another one."""
