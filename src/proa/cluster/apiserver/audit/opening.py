"""The audit log as the settings want it."""

from __future__ import annotations

from proa.cluster.apiserver.audit.auditor import Auditor
from proa.cluster.apiserver.audit.log import AuditLog
from proa.cluster.apiserver.audit.policy import load_policy
from proa.cluster.apiserver.config import AuditConfig
from proa.errors import UserError


def open_auditor(config: AuditConfig) -> Auditor:
    """Raises UserError for a policy that is none, or a file that cannot be written."""
    policy = load_policy(config.policy)
    try:
        return Auditor(policy, AuditLog(config.log, config.limits))
    except OSError as error:
        raise UserError(f"cannot write the audit log {config.log}: {error.strerror or error}") from error
