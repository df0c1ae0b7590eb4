"""Which representation an Accept header asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from proa.errors import NotAcceptable

JSON = "application/json"
_VERSIONS = ("v1", "v1beta1")


class Form(Enum):
    """How objects are represented."""

    OBJECT = ""
    TABLE = "Table"
    PARTIAL = "PartialObjectMetadata"
    PARTIAL_LIST = "PartialObjectMetadataList"


@dataclass(frozen=True, slots=True)
class Representation:
    """A form, and the version of meta.k8s.io in which it is told."""

    form: Form
    version: str = "v1"

    @property
    def api_version(self) -> str:
        """What tables and metadata name as their `apiVersion`."""
        return f"meta.k8s.io/{self.version}"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type with its parameters."""

    type: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """A parameter; empty when it is absent."""
        return dict(self.parameters).get(name, "")


_FORMS = frozenset(form.value for form in Form)


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
def representation_of(accept: str, tables: bool = True) -> Representation:
    """The first representation that can be served; what is answered and never stored has no `tables`.

    Raises NotAcceptable.
    """
    for media_type in media_types(accept or "*/*"):
        if media_type.type in (JSON, "*/*"):
            found = _representation(media_type)
            if found and (tables or found.form is not Form.TABLE):
                return found
    raise NotAcceptable("only the following media types are accepted: application/json")


def _representation(media_type: MediaType) -> Representation | None:
    wanted, version = media_type.get("as"), media_type.get("v")
    if not wanted:
        return Representation(Form.OBJECT)
    known = media_type.get("g") == "meta.k8s.io" and version in _VERSIONS and wanted in _FORMS
    return Representation(Form(wanted), version) if known else None


def check_partial(form: Form, kind: str, is_list: bool) -> None:
    """Raise NotAcceptable when the metadata of one are asked of a list, or those of a list of one."""
    if form is Form.PARTIAL and is_list:
        raise NotAcceptable(f"you requested {form.value}, but the requested object is a list ({kind}List)")
    if form is Form.PARTIAL_LIST and not is_list:
        raise NotAcceptable(f"you requested {form.value}, but the requested object is not a list ({kind})")
