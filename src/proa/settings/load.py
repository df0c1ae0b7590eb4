"""Where values come from: the flag, else the variable, else the configuration file, else the default.

A variable is `PROA_DATA_DIR` for `--data-dir`, lists by commas. The file is YAML with the flags'
names as keys (`data-dir: /srv/proa`), as k3s has it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proa.errors import UserError
from proa.settings.declaration import Option, Settings, is_list, options

CONFIG_FILE = Path("/etc/proa/config.yaml")


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    return f"PROA_{name.upper()}"


def load(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, file: Path | None = None
) -> Settings:
    """The settings from flags (those given, by name in Python), environment and file.

    A `file` that is named must exist; without, CONFIG_FILE is read if it is there. UserError names
    the place of a wrong value and what is allowed.
    """
    found = _from_file(file) | _from_environment(environment)
    found |= {name: (flag_of(name), value) for name, value in flags.items()}
    texts = {name: value for name, (_, value) in found.items()}
    return from_text(texts, {name: place for name, (place, _) in found.items()})


def from_text(texts: Mapping[str, Any], places: Mapping[str, str] | None = None) -> Settings:
    """The settings from values as text; `places` say where each came from, for errors."""
    known, parsed = options(), dict[str, Any]()
    for name, value in texts.items():
        place = (places or {}).get(name, flag_of(name))
        if is_list(name):
            parsed[name] = tuple(_parse(known[name], str(item), place) for item in _items(known[name], value))
        else:
            parsed[name] = _parse(known[name], str(value), place)
    return Settings(**parsed)


def _items(option: Option, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        return [item for item in str(value).split(",") if item]
    return [item for text in value for item in str(text).split(",")] if option.by_commas else value


def _parse(option: Option, text: str, place: str) -> Any:
    try:
        return option.parse(text)
    except ValueError as error:
        raise UserError(f"{place}: {text!r} is not allowed: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    named = {name: variable_of(name) for name in options()}
    return {name: (key, environment[key]) for name, key in named.items() if environment.get(key)}


def _from_file(file: Path | None) -> dict[str, tuple[str, Any]]:
    path = file or CONFIG_FILE
    try:
        text = path.read_text()
    except FileNotFoundError:
        if file is None:
            return {}
        raise UserError(f"{file}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: {(error.strerror or '').lower()}") from None
    return {_name_of(key, path): (f"{path}: {key}", value) for key, value in _mapping(text, path).items()}


def _mapping(text: str, path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.load(text, Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: must be a mapping such as 'data-dir: /var/lib/proa'")
    return {str(key): value for key, value in content.items()}


def _name_of(key: str, path: Path) -> str:
    names = {flag_of(name).removeprefix("--"): name for name in options()}
    if key in names:
        return names[key]
    near = difflib.get_close_matches(key, names, n=1)
    raise UserError(f"{path}: unknown key {key!r}" + (f", did you mean {near[0]!r}?" if near else ""))
