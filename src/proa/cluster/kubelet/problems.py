"""Why a pod does not go on; each ends in a status or an Event that a person reads."""

from __future__ import annotations

from proa.errors import ProaError


class ContainerProblem(ProaError):
    """A container cannot start; `reason` is that of its waiting state, as `ErrImagePull`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class VolumeProblem(ProaError):
    """A volume cannot be mounted (Event FailedMount); it is tried again."""


def config_problem(message: str) -> ContainerProblem:
    """Something that the container refers to is missing or wrong."""
    return ContainerProblem("CreateContainerConfigError", message)
