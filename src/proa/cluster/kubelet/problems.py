"""Why a pod does not go on; each ends in a status or an Event that a person reads."""

from __future__ import annotations

from proa.errors import ProaError


class ContainerProblem(ProaError):
    """A container cannot start; `reason` is that of its waiting state, as `ErrImagePull`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class HandlerError(ProaError):
    """A probe or hook ran and was not content."""


class HandlerStatusError(HandlerError):
    """HTTP was answered with a status that a probe takes for failure; a hook only had to be delivered."""


class HandlerUnknownError(HandlerError):
    """A probe or hook could not run, so nothing is known of the container."""


class VolumeProblem(ProaError):
    """A volume cannot be mounted (Event FailedMount); it is tried again."""


def config_problem(message: str) -> ContainerProblem:
    """Something that the container refers to is missing or wrong."""
    return ContainerProblem("CreateContainerConfigError", message)
