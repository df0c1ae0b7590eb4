"""Fields that stand twice in a body: the last one counts, and a client that asks for it is told. Pure.

Decoders do not tell. So the decoded value is encoded again, which is quick: with every key that got lost a
colon is missing, and only then the text is read once more, slowly. Source: kubernetes.io, field validation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

_OPERATION = frozenset({"op", "path", "from", "value"})


@dataclass(frozen=True, slots=True)
class Repeated:
    """What is said of a body: `texts` one by one in warnings, or as one error."""

    texts: tuple[str, ...] = ()
    opening: str = ""
    separator: str = ", "
    places: Mapping[str, int] = field(default_factory=dict)
    """In which order the fields of a JSON body stand."""

    def in_order(self, unknown: list[str]) -> Repeated:
        """These and the fields that nobody knows, as one decoder meets both: as they stand in the body."""
        if not self.places:
            return self
        texts = sorted(self.warnings(unknown), key=self._place)
        return replace(self, texts=tuple(texts))

    def error(self, unknown: list[str]) -> str:
        """One text of these and of what else is wrong with the fields of the body."""
        known = self._of_known(unknown)
        ours = [self.opening + self.separator.join(known)] if known else []
        return ", ".join([*ours, *self._others(unknown)])

    def warnings(self, unknown: list[str]) -> list[str]:
        """The same, one by one."""
        return [*self._of_known(unknown), *self._others(unknown)]

    def _others(self, unknown: list[str]) -> list[str]:
        return [text for text in unknown if text not in self.texts]

    def _place(self, text: str) -> int:
        return self.places.get(text.split('"')[1], -1)

    def _of_known(self, unknown: list[str]) -> list[str]:
        """Without fields that are unknown anyway."""
        return [text for text in self.texts if text in unknown or not self._is_unknown(text, unknown)]

    @staticmethod
    def _is_unknown(text: str, unknown: list[str]) -> bool:
        return text.replace("duplicate", "unknown", 1) in unknown


NOTHING = Repeated()


def in_json(body: bytes, value: Any) -> Repeated:
    """The fields that stand twice in JSON which was decoded to `value`."""
    places: dict[str, None] = {}
    texts = tuple(f'duplicate field "{path}"' for path in _paths(body, value, places))
    return Repeated(texts, places={path: place for place, path in enumerate(places)})


def in_operations(body: bytes, operations: Any) -> Repeated:
    """The same of a JSON patch, and the members of operations that mean nothing."""
    texts = [f'json patch duplicate field "{path}"' for path in _paths(body, operations, {})]
    for index, operation in enumerate(operations if isinstance(operations, list) else ()):
        if isinstance(operation, dict):
            strange = (name for name in operation if name not in _OPERATION)
            texts += [f'json patch unknown field "[{index}].{name}"' for name in strange]
    return Repeated(tuple(texts))


def in_yaml(keys: list[tuple[int, str]]) -> Repeated:
    """Keys of YAML mappings that were there already, each with its line."""
    texts = tuple(f'line {line}: key "{key}" already set in map' for line, key in keys)
    return Repeated(texts, "yaml: unmarshal errors:\n  ", "\n  ")


def has_all(body: bytes, value: Any) -> bool:
    """Whether no key of a JSON text got lost when it was decoded to `value`."""
    return body.count(b":") == msgspec.json.encode(value).count(b":")


class _Members(list[tuple[str, Any]]):
    """An object as it was written."""


def _paths(body: bytes, value: Any, places: dict[str, None]) -> list[str]:
    """The fields that stand twice; then `places` gets all, as they come last."""
    if has_all(body, value):
        return []
    found = _walk(json.loads(body, object_pairs_hook=_Members), "", places)
    return list(dict.fromkeys(found))


def _walk(value: Any, path: str, places: dict[str, None]) -> Iterator[str]:
    if isinstance(value, _Members):
        seen = set()
        for name, item in value:
            below = f"{path}.{name}" if path else name
            if name in seen:
                yield below
            seen.add(name)
            places.pop(below, None)
            places[below] = None
            yield from _walk(item, below, places)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{index}]", places)
