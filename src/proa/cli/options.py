"""Gives a command the flags of its settings, so that none is written down twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from proa.settings import Option, Settings, default_text, flag_of, load, options_of, variable_of
from proa.settings.declaration import is_list, is_switch

_CONFIG_HELP = (
    "File with settings, their names without dashes in front [default: /etc/proa/config.yaml if there]"
)


def with_settings(*groups: frozenset[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Call the command with `Settings` first, made from flags of these groups, environment and file."""
    chosen = options_of(frozenset().union(*groups))

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        flags = [_flag(name, option) for name, option in chosen.items()]
        parameters = [*own, _config_flag(), *flags]

        def wrapped(**given: Any) -> Any:
            file = given.pop("config")
            texts = {name: given.pop(name) for name in chosen}
            settings = load({n: v for n, v in texts.items() if v not in (None, [])}, file=file)
            return command(settings, **given)

        wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
        wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return wrapped

    return decorate


def _config_flag() -> inspect.Parameter:
    annotation = Annotated[Path | None, typer.Option("--config", "-c", help=_CONFIG_HELP, metavar="FILE")]
    return _parameter("config", annotation)


def _flag(name: str, option: Option) -> inspect.Parameter:
    default = default_text(name)
    notes = [f"default: {default}"] if default else []
    notes += [variable_of(name)]
    declare = partial(typer.Option, help=f"{option.help} [{'; '.join(notes)}]", show_default=False)
    names = [flag_of(name), *([option.short] if option.short else [])]
    if is_switch(name):
        return _parameter(name, Annotated[bool | None, declare(names[0])])
    kind = list[str] if is_list(name) else str | None
    return _parameter(name, Annotated[kind, declare(*names, metavar="TEXT")])


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    default: list[str] | None = [] if "list[" in str(annotation) else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


__all__ = ["Settings", "with_settings"]
