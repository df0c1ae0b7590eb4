"""YAML from strangers: what a small body could make large or slow is refused before it is built."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import yaml

from proa.cluster.apiserver.repeated import NOTHING, Repeated, has_all, in_yaml
from proa.errors import BadRequest

_DEPTH = 500
_AT_ONCE = 16 << 10
"""Bytes up to which YAML is decoded in the event loop; more would keep others waiting."""


async def decode_yaml(body: bytes) -> tuple[Any, Repeated]:
    """What a YAML document holds, as JSON would, and the keys that stand twice in it. Raises BadRequest."""
    if body.lstrip()[:1] == b"{":
        try:
            value = msgspec.json.decode(body)  # most clients send JSON, which is YAML and much quicker
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
        else:
            if has_all(body, value):
                return value, NOTHING
    return _decode(body) if len(body) <= _AT_ONCE else await asyncio.to_thread(_decode, body)


def _decode(body: bytes) -> tuple[Any, Repeated]:
    try:
        _check_events(body)
        loader = _Loader(body)
        try:
            value = msgspec.to_builtins(loader.get_single_data())
        finally:
            loader.dispose()
        return value, in_yaml([(line, key) for line, _, key in sorted(loader.repeated)])
    except (yaml.YAMLError, RecursionError, TypeError, ValueError) as error:
        raise _refused(" ".join(str(error).split())) from error


def _refused(why: str) -> BadRequest:
    return BadRequest(f"error converting YAML to JSON: {why}")


def _check_events(body: bytes) -> None:
    """Raises BadRequest for aliases, by which a few lines can stand for gigabytes, and for deep nesting."""
    depth = 0
    for event in yaml.parse(body, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _refused("aliases are not accepted")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH:
                raise _refused(f"nested more deeply than {_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Loader(yaml.CSafeLoader):
    """Times stay text and keys are text, as in JSON."""

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self.repeated: list[tuple[int, int, str]] = []
        """Line, column and text of keys that stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made = super().construct_mapping(node, deep)
        if len(made) < len(node.value):
            self._note_repeated(node)
        return made if all(isinstance(key, str) for key in made) else {_key(k): v for k, v in made.items()}

    def _note_repeated(self, node: yaml.MappingNode) -> None:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                self.repeated.append((key.start_mark.line + 1, key.start_mark.column, key.value))
            seen.add(key.value)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _key(key: Any) -> str:
    """The member of a JSON object that a YAML key becomes. Raises TypeError."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool | int | float):
        return msgspec.json.encode(key).decode()
    raise TypeError(f"unsupported map key of type {type(key).__name__}")
