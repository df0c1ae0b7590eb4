"""What a namespace demands: a level of the standards at a version, for each of three modes. Pure.

Source: pod-security-admission api/helpers.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value

PREFIX = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
"""From the widest to the strictest."""

LATEST = 1 << 16
"""The minor version that `latest` stands for: above all others."""


class Standard(NamedTuple):
    """A level at a minor version of Kubernetes 1."""

    level: str = "privileged"
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"

    @property
    def strictness(self) -> int:
        """Larger is stricter."""
        return LEVELS.index(self.level)


class Demands(NamedTuple):
    """What is enforced, audited and warned about."""

    enforce: Standard = Standard()
    audit: Standard = Standard()
    warn: Standard = Standard()

    @property
    def none(self) -> bool:
        """Whether everything is allowed in every mode."""
        return all(standard.level == "privileged" for standard in self)


NO_DEMANDS = Demands()


def demands(labels: Mapping[str, str]) -> tuple[Demands, list[FieldError]]:
    """What the labels of a namespace demand, and which of them make no sense.

    A level that is none is enforced as the strictest, and neither audited nor warned about.
    """
    errors: list[FieldError] = []
    enforce, audit, warn = (_standard(labels, mode, errors) for mode in ("enforce", "audit", "warn"))
    given = labels.get(f"{PREFIX}enforce") in LEVELS
    if f"{PREFIX}warn" not in labels and given and enforce.strictness > warn.strictness:
        minor = warn.minor if f"{PREFIX}warn-version" in labels else enforce.minor
        warn = Standard(enforce.level, minor)
    return Demands(enforce, audit, warn), errors


def _standard(labels: Mapping[str, str], mode: str, errors: list[FieldError]) -> Standard:
    level, minor = labels.get(f"{PREFIX}{mode}", "privileged"), LATEST
    if level not in LEVELS:
        errors.append(_invalid(mode, level, f"must be one of {', '.join(LEVELS)}"))
        level = "restricted" if mode == "enforce" else "privileged"
    version = labels.get(f"{PREFIX}{mode}-version", "latest")
    if match := re.fullmatch(r"v1\.(0|[1-9][0-9]*)", version):
        minor = int(match[1])
    elif version != "latest":
        errors.append(_invalid(f"{mode}-version", version, 'must be "latest" or "v1.x"'))
    return Standard(level, minor)


def _invalid(name: str, value: str, detail: str) -> FieldError:
    return invalid_value(f"metadata.labels[{PREFIX}{name}]", value, detail)
