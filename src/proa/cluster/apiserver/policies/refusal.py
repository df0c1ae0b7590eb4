"""How a policy says no."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.admission import Request
from proa.errors import ApiError

_CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413, "Invalid": 422}


class Refused(ApiError):
    """A refusal with the reason that the policy chose."""

    def __init__(self, message: str, details: dict[str, Any], reason: str, code: int = 0) -> None:
        super().__init__(message, details)
        self.code = code or _CODES.get(reason, 422)  # type: ignore[misc] # its own choice
        self.reason = reason  # type: ignore[misc]


def refused(request: Request, why: str, reason: str = "", *, causes: list[str] | None = None) -> Refused:
    """The answer to a request that a policy refuses; a policy that names no reason says Invalid."""
    about = request.target.of(request.name or (request.obj.get("metadata") or {}).get("generateName", ""))
    details: dict[str, Any] = about.details()
    details["causes"] = [{"message": cause} for cause in causes or [why]]
    return Refused(f'{about.qualified} "{about.name}" is forbidden: {why}', details, reason or "Invalid")
