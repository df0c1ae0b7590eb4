"""Every error that proa raises on purpose.

ProaError
├── UserError                    bad input: a flag, a file, a missing privilege
│   └── MissingProgram           a program or library that a package would bring
├── KernelError                  the kernel refused, or lacks an option
└── ApiError                     an answer of a Kubernetes API server that is not a success
    ├── BadRequest               400
    ├── Unauthorized             401
    ├── Forbidden                403
    ├── NotFound                 404
    ├── MethodNotAllowed         405
    ├── NotAcceptable            406
    ├── AlreadyExists            409 AlreadyExists
    ├── Conflict                 409 Conflict
    ├── Expired                  410
    ├── RequestEntityTooLarge    413
    ├── UnsupportedMediaType     415
    ├── Invalid                  422
    ├── TooManyRequests          429
    ├── InternalError            500
    ├── ServiceUnavailable       503
    └── Timeout                  504

A message is one line: what was wrong, where, and what to do about it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ProaError(Exception):
    """Base of all errors of this package."""


class UserError(ProaError):
    """Something that the person at the keyboard can mend; shown without a traceback."""


class MissingProgram(UserError):
    """A program or library is not installed; the message names the package that brings it."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is not installed: apt-get install {package}")
        self.program = program
        self.package = package


class KernelError(ProaError):
    """The kernel refused an operation; the message names the object and, if one lacks, the option."""


_OF_THE_ROUTER = (
    "the server could not find the requested resource",
    "the server does not allow this method on the requested resource",
    "415: Unsupported Media Type",
)
"""Answers that upstream gives before it looks at any object: their details are there, empty."""


class ApiError(ProaError):
    """A failure Status of the Kubernetes API (source: apimachinery, pkg/api/errors).

    `details` has upstream's shape: name, group, kind, uid, causes, retryAfterSeconds.
    """

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        self.warnings: list[str] = []
        """What a server says beside the failure, in Warning headers."""

    def status(self) -> dict[str, Any]:
        """The Status object that a server sends for this error."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details or self.message in _OF_THE_ROUTER:
            body["details"] = self.details
        return body | {"code": self.code}

    @staticmethod
    def from_status(status: dict[str, Any]) -> ApiError:
        """The error for a Status object as a client received it."""
        code, reason = int(status.get("code") or 500), str(status.get("reason") or "")
        kind = _BY_REASON.get(reason) or _BY_CODE.get(code) or InternalError
        return kind(str(status.get("message") or f"the server answered {code}"), status.get("details"))


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"


class NotFound(ApiError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(ApiError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    code, reason = 409, "Conflict"


class Expired(ApiError):
    code, reason = 410, "Expired"


class RequestEntityTooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    code, reason = 422, "Invalid"


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"


class InternalError(ApiError):
    code, reason = 500, "InternalError"


class ServiceUnavailable(ApiError):
    code, reason = 503, "ServiceUnavailable"


class Timeout(ApiError):
    code, reason = 504, "Timeout"


_KINDS: tuple[type[ApiError], ...] = (
    BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, AlreadyExists, Conflict,
    Expired, RequestEntityTooLarge, UnsupportedMediaType, Invalid, TooManyRequests, InternalError,
    ServiceUnavailable, Timeout,
)  # fmt: skip
_BY_REASON = {kind.reason: kind for kind in _KINDS}
_BY_CODE = {kind.code: kind for kind in reversed(_KINDS) if kind is not AlreadyExists}
