"""Semantic versions. Source: semver.org 2.0.0; the apiserver's semver library, version 1."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, method, traversal
from proa.cluster.cel.runtime_types import register
from proa.cluster.cel.types import BOOL, INT, STRING, object_type

SEMVER = object_type("kubernetes.Semver")
_LONGEST = 20
_WORD = re.compile(r"[0-9A-Za-z-]+", re.ASCII)

_Precedence = tuple[tuple[int, int | str], ...]


@dataclass(frozen=True, slots=True)
class Semver:
    """A version; what stands after `+` has no part in comparisons."""

    numbers: tuple[int, int, int]
    prerelease: _Precedence

    @property
    def order(self) -> tuple[tuple[int, int, int], bool, _Precedence]:
        """What versions are compared by: a release comes after its prereleases."""
        return self.numbers, not self.prerelease, self.prerelease


register(Semver, SEMVER)


def _parse(text: str) -> Semver:
    if not text:
        raise Failure("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise Failure("No Major.Minor.Patch elements found")
    rest, _plus, build = parts[2].partition("+")
    patch, dash, prerelease = rest.partition("-")
    named = zip(("Major", "Minor", "Patch"), (parts[0], parts[1], patch), strict=True)
    numbers = tuple(_number(name, digits) for name, digits in named)
    if _plus:
        _check_build(build)
    words = tuple(_word(word) for word in prerelease.split(".")) if dash else ()
    return Semver(numbers, words)  # type: ignore[arg-type]


def _number(name: str, digits: str) -> int:
    if not digits.isascii() or not digits.isdigit():
        raise Failure(f"Invalid character(s) found in {name.lower()} number {json.dumps(digits)}")
    if len(digits) > 1 and digits.startswith("0"):
        raise Failure(f"{name} number must not contain leading zeroes {json.dumps(digits)}")
    if len(digits) > _LONGEST:
        raise Failure(f"{name} number is too long")
    return int(digits)


def _check_build(build: str) -> None:
    for word in build.split("."):
        if not word:
            raise Failure("Build meta data is empty")
        if not _WORD.fullmatch(word):
            raise Failure(f"Invalid character(s) found in build meta data {json.dumps(word)}")


def _word(word: str) -> tuple[int, int | str]:
    if not word:
        raise Failure("Prerelease is empty")
    if word.isdigit():
        if len(word) > 1 and word.startswith("0"):
            message = "Numeric PreRelease version must not contain leading zeroes"
            raise Failure(f"{message} {json.dumps(word)}")
        if len(word) > _LONGEST:
            raise Failure("Prerelease number is too long")
        return 0, int(word)
    if not _WORD.fullmatch(word):
        raise Failure(f"Invalid character(s) found in prerelease {json.dumps(word)}")
    return 1, word


def _semver(text: str, normalize: bool = False) -> Semver:
    return _parse(_normalized(text)) if normalize else _parse(text)


def _normalized(text: str) -> str:
    parts = [_without_zeros(part) for part in text.removeprefix("v").split(".", 2)]
    if len(parts) < 3 and re.search("[+-]", parts[-1]):
        raise Failure("short version cannot contain PreRelease/Build meta data")
    return ".".join([*parts, "0", "0"][:3])


def _without_zeros(part: str) -> str:
    stripped = part.lstrip("0") if len(part) > 1 else part
    return stripped if stripped[:1].isdigit() or len(part) <= 1 else f"0{stripped}"


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _semver(text, normalize)
    except Failure:
        return False
    return True


def _compare(first: Semver, second: Semver) -> int:
    return int(first.order > second.order) - int(first.order < second.order)


_TWO = (SEMVER, SEMVER)
_PARSING = traversal(0)

OVERLOADS = (
    function("semver", (STRING,), SEMVER, _semver, _PARSING),
    function("semver", (STRING, BOOL), SEMVER, _semver, _PARSING),
    function("isSemver", (STRING,), BOOL, _is_semver, _PARSING),
    function("isSemver", (STRING, BOOL), BOOL, _is_semver, _PARSING),
    method("isGreaterThan", _TWO, BOOL, lambda a, b: _compare(a, b) > 0),
    method("isLessThan", _TWO, BOOL, lambda a, b: _compare(a, b) < 0),
    method("compareTo", _TWO, INT, _compare),
    method("major", (SEMVER,), INT, lambda version: version.numbers[0]),
    method("minor", (SEMVER,), INT, lambda version: version.numbers[1]),
    method("patch", (SEMVER,), INT, lambda version: version.numbers[2]),
)
