"""The resolvers of the host, as resolv.conf(5) names them."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from pathlib import Path


def upstreams(path: Path, besides: Collection[str]) -> tuple[str, ...]:
    """The name servers in the file's order, our own addresses left out; none when there is no file."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ()
    found = [words[1] for words in map(str.split, lines) if len(words) > 1 and words[0] == "nameserver"]
    return tuple(dict.fromkeys(ip for ip in found if _is_address(ip) and ip not in besides))


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
