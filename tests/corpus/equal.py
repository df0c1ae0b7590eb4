"""Making answers of two servers equal where they must differ: uids, revisions, times, addresses, tokens.

Each such value becomes a word with a number by its first appearance in the story, so it still shows
whether a value is the same as before: `RV-2` again means that nothing was written.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

_UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_SERVICE_ADDRESS = re.compile(r"\b10\.43\.\d+\.\d+\b|\bfd00:43::[0-9a-f]*(?::[0-9a-f]+)*")
_LOOPBACK = re.compile(r"\b127\.0\.0\.1:\d+")
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
_CREDENTIAL = re.compile(r"\bX509SHA256=[0-9a-f]+")
_VOLUME = re.compile(r"\bkube-api-access-[a-z0-9]{5}\b")
_AGE = re.compile(r"(\d+[smhd])+|<invalid>")
_AGO = re.compile(r"\((\d+[smhd])+ ago\)")
_NODE_PORT = re.compile(r":3[0-2]\d{3}/")
_CLOCKED = ("Age", "Last Seen", "First Seen", "Last Schedule", "Duration")
_RULES = ("resourceRules", "nonResourceRules", "status.resourceRules", "status.nonResourceRules")
"""What a user may do, in whichever order, and more than once."""
_DAY = dt.timedelta(days=1)


class Equaliser:
    """The memory of one story."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._names: dict[str, str] = {}
        self._columns: list[str] = []

    def value(self, value: Any) -> Any:
        """A body, or a part of it, made equal."""
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Any text, such as a message or a header."""
        text = _UID.sub(self._numbered("UID"), text)
        text = _TIME.sub(_moment, text)
        text = _LOOPBACK.sub("SERVER", text)
        text = _SERVICE_ADDRESS.sub(self._numbered("ADDRESS"), text)
        text = _CREDENTIAL.sub("X509SHA256=CREDENTIAL", text)
        text = _VOLUME.sub("kube-api-access-XXXXX", _TOKEN.sub("TOKEN", text))
        for name, generated in self._names.items():
            text = text.replace(name, generated)
        return text

    def _numbered(self, word: str) -> Callable[[re.Match[str]], str]:
        return lambda match: self._number(word, match.group())

    def _number(self, word: str, value: str) -> str:
        count = sum(1 for known, _ in self._known if known == word)
        return self._known.setdefault((word, value), f"{word}-{count + 1}")

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        self._note_generated(value)
        if value.get("kind") == "Table":
            value = self._table(value)
        found = {key: self._field(key, item, value) for key, item in value.items()}
        if value.get("kind") == "Status":
            _settle_causes(found)
        return found

    def _field(self, key: str, item: Any, parent: dict[str, Any]) -> Any:
        if key == "resourceVersion" and isinstance(item, str) and item.isdigit() and item != "0":
            return self._number("RV", item) if "uid" in parent else "RV"
        if key in ("nodePort", "healthCheckNodePort") and isinstance(item, int) and item:
            return self._number("PORT", str(item))
        if key == "continue" and item:
            return "CONTINUE"
        if key in _RULES and isinstance(item, list):
            return [json.loads(rule) for rule in sorted({json.dumps(rule, sort_keys=True) for rule in item})]
        return self.value(item)

    def _note_generated(self, value: dict[str, Any]) -> None:
        base, name = value.get("generateName"), value.get("name")
        if (
            isinstance(base, str)
            and isinstance(name, str)
            and base
            and name.startswith(base[:58])
            and name != base
        ):
            count = len(self._names) + 1
            self._names.setdefault(name, f"{base[:58]}GENERATED-{count}")

    def _table(self, table: dict[str, Any]) -> dict[str, Any]:
        definitions = table.get("columnDefinitions")
        if definitions:
            self._columns = [definition["name"] for definition in definitions]
            plain = [{k: v for k, v in d.items() if k != "description"} for d in definitions]
            table = table | {"columnDefinitions": plain}
        rows = [row | {"cells": self._cells(row["cells"])} for row in table.get("rows") or ()]
        return table | {"rows": rows}

    def _cells(self, cells: list[Any]) -> list[Any]:
        cells = [_AGO.sub("(AGO ago)", cell) if isinstance(cell, str) else cell for cell in cells]
        cells = [_NODE_PORT.sub(":PORT/", cell) if isinstance(cell, str) else cell for cell in cells]
        clocked = [column in _CLOCKED for column in self._columns] + [False] * len(cells)
        return [
            "AGE" if hidden and isinstance(cell, str) and _AGE.fullmatch(cell) else cell
            for hidden, cell in zip(clocked, cells, strict=False)
        ]


def _moment(match: re.Match[str]) -> str:
    """The present is TIME; times that somebody sent stay."""
    try:
        when = dt.datetime.fromisoformat(match.group(1)).replace(tzinfo=dt.UTC)
    except ValueError:  # only looks like a time
        return match.group()
    if abs(when - dt.datetime.now(dt.UTC)) > _DAY:
        return match.group()
    return "MICROTIME" if match.group(2) else "TIME"


def _settle_causes(status: dict[str, Any]) -> None:
    """Several complaints about one object come in the order of the code that found them."""
    details: dict[str, Any] = status.get("details") or {}
    causes = details.get("causes") or []
    if len(causes) < 2:
        return
    status["details"] = details | {"causes": sorted(causes, key=lambda c: json.dumps(c, sort_keys=True))}
    if status.get("code") == 422:
        about = str(status.get("message")).partition("is invalid:")[0]
        status["message"] = f"{about}is invalid: (see causes)"


def pick(value: Any, path: str) -> Any:
    """What stands at a dotted path; a number is a place in a list, `*` is all of them."""
    for position, part in enumerate(parts := path.split(".")):
        if part == "*" and isinstance(value, list):
            rest = ".".join(parts[position + 1 :])
            return [pick(item, rest) if rest else item for item in value]
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value
