"""Which representation an Accept header asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from proa.errors import NotAcceptable

JSON = "application/json"


class Form(Enum):
    """How objects are represented."""

    OBJECT = ""
    TABLE = "Table"
    PARTIAL = "PartialObjectMetadata"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type with its parameters."""

    type: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """A parameter; empty when it is absent."""
        return dict(self.parameters).get(name, "")


@lru_cache(1024)
def media_types(header: str) -> tuple[MediaType, ...]:
    """The media types of an Accept or Content-Type header, in order."""
    return tuple(_parse(header))


def _parse(header: str) -> Iterator[MediaType]:
    for item in header.split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if name:
            pairs = (parameter.partition("=") for parameter in parameters)
            yield MediaType(name.lower(), tuple((key.strip(), value.strip(' "')) for key, _, value in pairs))


@lru_cache(1024)
def form_of(accept: str, tables: bool = True) -> Form:
    """The first form that can be served; what is answered and never stored has no `tables`.

    Raises NotAcceptable.
    """
    forms = (Form.TABLE, Form.PARTIAL) if tables else (Form.PARTIAL,)
    for media_type in media_types(accept or "*/*"):
        if media_type.type not in (JSON, "*/*"):
            continue
        wanted = media_type.get("as")
        if not wanted:
            return Form.OBJECT
        if media_type.get("v") == "v1" and media_type.get("g") == "meta.k8s.io":
            for form in forms:
                if wanted in (form.value, f"{form.value}List"):
                    return form
    raise NotAcceptable("only the following media types are accepted: application/json")
