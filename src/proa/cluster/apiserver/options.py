"""Options of a request, read from its query and body and checked (source: apimachinery, meta/v1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from proa.cluster.apiserver.repeated import NOTHING, Repeated
from proa.cluster.apiserver.schema.field_error import (
    forbidden,
    invalid,
    invalid_value,
    required,
    too_long,
)
from proa.errors import BadRequest, Invalid

Query = Mapping[str, str]

_REVISION = re.compile("[0-9]{1,20}")
_PROPAGATION = ("Background", "Foreground", "Orphan")
_META, _PATCH = "meta.k8s.io", "PatchOptions"
_MANAGER_LIMIT = 128
_FIELD_VALIDATION = ("Strict", "Warn", "Ignore")


def _flag(query: Query, name: str) -> bool:
    return name in query and query[name].lower() not in ("false", "0")


def _number(query: Query, name: str) -> int:
    text = query.get(name) or "0"
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f'invalid value "{text}" for query parameter {name}: not a number') from None


def _unsupported(kind: str, name: str, value: str, *supported: str) -> Invalid:
    options = ", ".join(f'"{option}"' for option in supported)
    message = f"Unsupported value: {value}: supported values: {options}"
    details = {
        "group": _META,
        "kind": kind,
        "causes": [{"reason": "FieldValueNotSupported", "message": message, "field": name}],
    }
    return Invalid(f'{kind}.meta.k8s.io "" is invalid: {name}: {message}', details)


def _invalid(kind: str, name: str, why: str) -> Invalid:
    cause = {"reason": "FieldValueForbidden", "message": f"Forbidden: {why}", "field": name}
    details = {"group": "meta.k8s.io", "kind": kind, "causes": [cause]}
    return Invalid(f'{kind}.meta.k8s.io "" is invalid: {name}: Forbidden: {why}', details)


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Of list, watch and deletecollection."""

    label_selector: str = ""
    field_selector: str = ""
    resource_version: str = ""
    match: str = ""
    limit: int = 0
    continue_token: str = ""
    watch: bool = False
    bookmarks: bool = False
    initial_events: bool | None = None
    timeout_seconds: int = 0

    @classmethod
    def parse(cls, query: Query, *, watch: bool = False) -> ListOptions:
        """Raises BadRequest or Invalid (422)."""
        options = cls(
            label_selector=query.get("labelSelector", ""),
            field_selector=query.get("fieldSelector", ""),
            resource_version=query.get("resourceVersion", ""),
            match=query.get("resourceVersionMatch", ""),
            limit=max(0, _number(query, "limit")),
            continue_token=query.get("continue", ""),
            watch=watch or _flag(query, "watch"),
            bookmarks=_flag(query, "allowWatchBookmarks"),
            initial_events=_flag(query, "sendInitialEvents") if "sendInitialEvents" in query else None,
            timeout_seconds=_number(query, "timeoutSeconds"),
        )
        options.check()
        return options

    def check(self) -> None:
        """Raises Invalid for combinations that contradict each other."""
        if self.resource_version and not _REVISION.fullmatch(self.resource_version):
            raise BadRequest(f"invalid resource version {self.resource_version!r}: not a decimal number")
        if self.watch:
            self._check_watch()
        else:
            self._check_list()

    def _check_list(self) -> None:
        if self.continue_token and self.resource_version not in ("", "0") and not self.match:
            raise BadRequest("specifying resource version is not allowed when using continue")
        if self.initial_events is not None:
            raise _invalid("ListOptions", "sendInitialEvents", "sendInitialEvents is forbidden for list")
        if not self.match:
            return
        name = "resourceVersionMatch"
        if not self.resource_version:
            raise _invalid("ListOptions", name, f"{name} is forbidden unless resourceVersion is provided")
        if self.continue_token:
            raise _invalid("ListOptions", name, f"{name} is forbidden when continue is provided")
        if self.match not in ("Exact", "NotOlderThan"):
            raise _unsupported("ListOptions", name, f'"{self.match}"', "Exact", "NotOlderThan", "")
        if self.match == "Exact" and self.resource_version == "0":
            raise _invalid("ListOptions", name, f'{name} "exact" is forbidden for resourceVersion "0"')

    def _check_watch(self) -> None:
        name = "resourceVersionMatch"
        if self.initial_events is None:
            if self.match:
                raise _invalid(
                    "ListOptions", name, f"{name} is forbidden for watch unless sendInitialEvents is provided"
                )
        elif self.match != "NotOlderThan":
            raise _invalid("ListOptions", name, f"sendInitialEvents requires setting {name} to NotOlderThan")

    @property
    def starts_with_state(self) -> bool:
        """Whether a watch begins with the present objects as ADDED."""
        if self.initial_events is not None:
            return self.initial_events
        return self.resource_version in ("", "0")


@dataclass(slots=True)
class WriteOptions:
    """Of create, update and patch; `warnings` collects what the answer's Warning headers say."""

    dry_run: bool = False
    field_manager: str = ""
    agent: str = ""
    """The program that writes, for when the field manager is not named."""
    force: bool = False
    field_validation: str = "Warn"
    warnings: list[str] = field(default_factory=list)
    repeated: Repeated = NOTHING
    """What is wrong with the fields of the body besides what they are."""

    @classmethod
    def parse(cls, query: Query, agent: str = "") -> WriteOptions:
        """`agent` is the User-Agent header. Raises Invalid."""
        validation = query.get("fieldValidation") or "Warn"
        if validation not in _FIELD_VALIDATION:
            raise _unsupported(
                "CreateOptions", "fieldValidation", f'"{validation}"', "", "Ignore", "Strict", "Warn"
            )
        return cls(
            dry_run=_dry_run(query.get("dryRun", "")),
            field_manager=_field_manager(query),
            agent=agent_name(agent),
            force=_flag(query, "force"),
            field_validation=validation,
        )

    @property
    def manager(self) -> str:
        """Who is said to own what is written."""
        return self.field_manager or self.agent or "unknown"

    def warn(self, texts: Iterable[str]) -> None:
        """Add warnings, each once."""
        self.warnings += [text for text in dict.fromkeys(texts) if text not in self.warnings]

    def check_patch(self, applying: bool) -> None:
        """Raises Invalid when these are not the options of an apply, or of another patch."""
        if applying and not self.field_manager:
            raise invalid(_PATCH, _META, "", [required("fieldManager", "is required for apply patch")])
        if not applying and self.force:
            raise invalid(_PATCH, _META, "", [forbidden("force", "may not be specified for non-apply patch")])


@lru_cache(256)
def agent_name(header: str) -> str:
    """The name of the program in a User-Agent, as a field manager."""
    printable = "".join(filter(str.isprintable, header.partition("/")[0]))
    return printable.encode()[:_MANAGER_LIMIT].decode(errors="ignore")


def _field_manager(query: Query) -> str:
    name = query.get("fieldManager", "")
    if len(name.encode()) > _MANAGER_LIMIT:
        raise invalid(_PATCH, _META, "", [too_long("fieldManager", _MANAGER_LIMIT)])
    for position, character in enumerate(name):
        if not character.isprintable():
            detail = f"invalid character U+{ord(character):04X} (at position {position})"
            raise invalid(_PATCH, _META, "", [invalid_value("fieldManager", name, detail)])
    return name


def _dry_run(value: str, kind: str = "CreateOptions") -> bool:
    if value not in ("", "All"):
        raise _unsupported(kind, "dryRun", f'["{value}"]', "All")
    return value == "All"


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """Of delete and deletecollection; `warnings` collects what the answer's Warning headers say."""

    grace_period_seconds: int | None = None
    propagation: str = ""
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list, hash=False, compare=False)

    @classmethod
    def parse(cls, query: Query, body: Mapping[str, Any] | None) -> DeleteOptions:
        """The body wins over the query, as upstream. Raises BadRequest or Invalid."""
        given: dict[str, Any] = dict(body or {})
        _check_types(given)
        preconditions = given.get("preconditions") or {}
        grace = given.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        return cls(
            grace_period_seconds=None if grace in (None, "") else _grace(grace),
            propagation=_propagation(given, query),
            uid=preconditions.get("uid") or "",
            resource_version=preconditions.get("resourceVersion") or "",
            dry_run=_dry_run(",".join(given.get("dryRun") or ()) or query.get("dryRun", ""), "DeleteOptions"),
        )


_DELETE_TYPES = {"preconditions": dict, "dryRun": list, "propagationPolicy": str, "orphanDependents": bool}


def _check_types(given: Mapping[str, Any]) -> None:
    preconditions = given.get("preconditions")
    members = preconditions.items() if isinstance(preconditions, dict) else ()
    wrong = [name for name, type_ in _DELETE_TYPES.items() if not isinstance(given.get(name), type_ | None)]
    wrong += [f"preconditions.{name}" for name, value in members if not isinstance(value, str | None)]
    wrong += ["dryRun"] * (not wrong and not all(isinstance(text, str) for text in given.get("dryRun") or ()))
    if wrong:
        raise BadRequest(f"the delete options provided are unrecognized: wrong type of {wrong[0]}")


def _grace(value: Any) -> int:
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest(f"invalid gracePeriodSeconds {value!r}: not a number") from None
    return 1 if seconds < 0 else seconds


def _propagation(given: Mapping[str, Any], query: Query) -> str:
    policy = str(given.get("propagationPolicy") or query.get("propagationPolicy") or "")
    orphan = given.get("orphanDependents", query.get("orphanDependents"))
    if policy and orphan is not None:
        raise _invalid("DeleteOptions", "propagationPolicy", "orphanDependents and it cannot both be set")
    if orphan is not None:
        return "Orphan" if str(orphan).lower() == "true" else "Background"
    if policy and policy not in _PROPAGATION:
        raise _invalid("DeleteOptions", "propagationPolicy", f"unsupported value {policy!r}")
    return policy
