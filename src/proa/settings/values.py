"""Text that people type, checked: each function returns its value, or ValueError says what is allowed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

_LABEL_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_LABEL = re.compile(rf"({_DOMAIN}/)?{_LABEL_NAME}=({_LABEL_NAME})?")
_TAINT = re.compile(
    rf"({_DOMAIN}/)?{_LABEL_NAME}(=({_LABEL_NAME})?)?:(NoSchedule|PreferNoSchedule|NoExecute)"
)


def path(text: str) -> Path:
    if not text.startswith("/"):
        raise ValueError("give an absolute path")
    return Path(text)


def port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("give a port from 1 to 65535")
    return int(text)


def count(text: str) -> int:
    """How many of something; 0 is often no limit."""
    if not text.isdecimal():
        raise ValueError("give a number such as 400")
    return int(text)


def argument(text: str) -> str:
    """An argument for another program; what it means is that program's business."""
    if not re.fullmatch(r"(--)?[a-z][a-z-]*=.+", text):
        raise ValueError("give NAME=VALUE such as eviction-hard=memory.available<200Mi")
    return text.removeprefix("--")


def log_file(text: str) -> Path | None:
    """A file, or `-` for the standard output."""
    return Path("-") if text == "-" else path(text)


def mode(text: str) -> int:
    """A file's mode in octal digits, as chmod takes it."""
    if not re.fullmatch(r"(0o?)?[0-7]{3,4}", text):
        raise ValueError("give octal digits such as 600")
    return int(text.removeprefix("0o"), 8)


def boolean(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
        raise ValueError("give true or false")
    return text.lower() in {"true", "1", "yes"}


def address(text: str) -> str:
    if not text:
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("give an address such as 192.0.2.10") from None


def given_address(text: str) -> str:
    """An address of a list, in which an empty one would mean nothing."""
    return address(text or "none")


def network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("give a network without host bits such as 10.42.0.0/16") from None


def domain(text: str) -> str:
    if not re.fullmatch(_DOMAIN, text):
        raise ValueError("give a domain of small letters, digits, dashes and dots")
    return text


def host(text: str) -> str:
    """A DNS name, perhaps with a wildcard in front, or an address."""
    try:
        return address(text)
    except ValueError:
        if not re.fullmatch(rf"(\*\.)?{_DOMAIN}", text):
            raise ValueError("give a DNS name or an address") from None
        return text


def node_name(text: str) -> str:
    if text and (len(text) > 63 or not re.fullmatch(_DOMAIN, text)):
        raise ValueError("give at most 63 small letters, digits, dashes and dots")
    return text


def interface(text: str) -> str:
    if len(text) > 15 or re.search(r"[\s/]", text):
        raise ValueError("give the name of a network interface such as eth0")
    return text


def label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError("give KEY=VALUE such as disk=ssd")
    return text


def taint(text: str) -> str:
    if not _TAINT.fullmatch(text):
        raise ValueError("give KEY=VALUE:EFFECT, where EFFECT is NoSchedule, PreferNoSchedule or NoExecute")
    return text


def one_of(*allowed: str) -> Callable[[str], str]:
    """A parser that takes just these words."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"give one of {', '.join(allowed)}")
        return text

    return parse


def seconds(text: str) -> float:
    """A time: 40, 1.5, 40s, 2m or 1h."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1.0)
    try:
        value = float(number) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError("a time above 0, such as 40s or 1m")
    return value
