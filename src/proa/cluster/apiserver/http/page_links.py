"""Links of a page that is seen through a proxy: absolute paths get the prefix that the proxy has for it.

Pure. Source: apimachinery pkg/util/proxy/transport.go; which attributes are links: HTML 4.01, index of
attributes, and the index of the HTML living standard.
"""

from __future__ import annotations

import html
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit, urlunsplit

_LINKS = {
    "a": {"href"}, "applet": {"codebase"}, "area": {"href"}, "audio": {"src"}, "base": {"href"},
    "blockquote": {"cite"}, "body": {"background"}, "button": {"formaction"}, "command": {"icon"},
    "del": {"cite"}, "embed": {"src"}, "form": {"action"}, "frame": {"longdesc", "src"}, "head": {"profile"},
    "html": {"manifest"}, "iframe": {"longdesc", "src"}, "img": {"longdesc", "src", "usemap"},
    "input": {"src", "usemap", "formaction"}, "ins": {"cite"}, "link": {"href"},
    "object": {"classid", "codebase", "data", "usemap"}, "q": {"cite"}, "script": {"src"},
    "source": {"src"}, "video": {"poster", "src"},
}  # fmt: skip

_Attributes = Sequence[tuple[str, str | None]]


@dataclass(frozen=True)
class Prefix:
    """What stands before the paths of a server, and the names by which pages of it call the server."""

    path: str
    hosts: frozenset[str]

    def url(self, text: str) -> str:
        """A link as it works through the proxy; relative ones and those to other servers stay."""
        try:
            url = urlsplit(text)
        except ValueError:
            return text
        foreign = url.netloc and url.netloc not in self.hosts
        if foreign or not url.path.startswith("/"):
            return text
        path = url.path
        if not path.startswith(self.path):
            path = posixpath.normpath(f"{self.path}/{path}") + ("/" if path.endswith("/") else "")
        return urlunsplit(("", "", path, url.query, url.fragment))

    def page(self, text: bytes) -> bytes:
        """An HTML page with its links replaced, and no other byte."""
        parser = _Links(text.decode("latin-1"), self)
        return parser.replaced().encode("latin-1", "xmlcharrefreplace")


class _Links(HTMLParser):
    """Notes where tags with links stand, and what they are to be."""

    def __init__(self, text: str, prefix: Prefix) -> None:
        super().__init__(convert_charrefs=False)
        self._text = text
        self._prefix = prefix
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._changes: list[tuple[int, int, str]] = []
        self.feed(text)

    def replaced(self) -> str:
        """The whole text, changed."""
        pieces, done = [], 0
        for start, end, tag in self._changes:
            pieces += [self._text[done:start], tag]
            done = end
        return "".join([*pieces, self._text[done:]])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs, ">")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs, "/>")

    def _note(self, tag: str, attributes: _Attributes, closing: str) -> None:
        names = _LINKS.get(tag, ())
        changed = [
            (name, self._prefix.url(value) if name in names and value else value)
            for name, value in attributes
        ]
        if changed != attributes:
            line, column = self.getpos()
            start = self._lines[line - 1] + column
            end = start + len(self.get_starttag_text() or "")
            self._changes.append((start, end, _tag(tag, changed) + closing))


def _tag(name: str, attributes: _Attributes) -> str:
    written = (
        f' {key}="{html.escape(value)}"' if value is not None else f" {key}" for key, value in attributes
    )
    return f"<{name}{''.join(written)}"
