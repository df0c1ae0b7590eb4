"""Files of Debian packages and all that they depend on, as the content of an image.

Packages come from the archive that this machine's apt is set up for. Nothing is installed and no
maintainer script runs; documentation, translations and what only a booted system needs is left out.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proa.errors import MissingProgram, UserError

_MERGED = ("bin", "sbin", "lib", "lib64")
"""Folders that are links into /usr."""
_LEFT_OUT = re.compile(
    r"usr/share/(doc|man|locale|lintian|bug|menu|info|bash-completion|gcc|gdb|perl5|pixmaps|applications)/"
    r"|usr/share/mysql/(?!english/)[a-z_]+/errmsg\.sys|usr/share/(readline|tabset)/"
    r"|usr/lib/(systemd|udev|tmpfiles\.d|sysusers\.d)/|etc/(init\.d|cron\.d|logrotate\.d|apparmor\.d)/|var/lib/dpkg/"
    r"|usr/bin/(innochecksum|mariadb-upgrade|mariadb-check|resolveip)$"
)


@dataclass
class Content:
    """The fields of an image of that name."""

    files: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=lambda: {name: f"usr/{name}" for name in _MERGED})

    def add(self, archive: tarfile.TarFile) -> None:
        """The files and links of one package."""
        for member in archive:
            path = merged(member.name.removeprefix("./"))
            if _LEFT_OUT.match(path):
                continue
            if member.issym():
                self.links[path] = member.linkname
            elif member.islnk():
                self.files[path] = self.files[merged(member.linkname.removeprefix("./"))]
            elif member.isfile() and (file := archive.extractfile(member)):
                self.files[path] = file.read(), member.mode & 0o777


def merged(path: str) -> str:
    """Where a path is in a system whose /bin, /sbin and /lib are links into /usr."""
    return f"usr/{path}" if path.partition("/")[0] in _MERGED and "/" in path else path


def content(packages: Sequence[str], cache: Path, *, without: Sequence[str] = ()) -> Content:
    """What the packages and their dependencies hold; archives are kept in `cache`.

    Raises UserError with apt's own words when they cannot be fetched.
    """
    result = Content()
    for path in fetch(packages, cache):
        if path.name.partition("_")[0] in without:
            continue
        with (
            subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE) as process,
            tarfile.open(fileobj=process.stdout, mode="r|") as archive,
        ):
            result.add(archive)
    return result


def fetch(packages: Sequence[str], cache: Path) -> list[Path]:
    """The package files, fetched where `cache` lacks them."""
    nothing = cache / "none"
    for folder in (cache, nothing):
        (folder / "partial").mkdir(parents=True, exist_ok=True)
    # Before an empty cache apt lists all that it needs.
    listed = _install(packages, nothing, nothing, "--print-uris")
    _install(packages, nothing, cache, "--download-only", "--yes")
    return [cache / line.split()[1] for line in listed.splitlines() if line.startswith("'")]


def _install(packages: Sequence[str], nothing: Path, cache: Path, *what: str) -> str:
    status = nothing / "status"
    status.touch()
    options = [
        f"-oDir::State::status={status}",  # as if nothing were installed: all dependencies count
        f"-oDir::Cache::archives={cache}",
        "-oAPT::Sandbox::User=root",
        "-oDebug::NoLocking=1",
        "--no-install-recommends",
    ]
    return _apt(*options, *what, "install", *packages)


def _apt(*arguments: str) -> str:
    try:
        result = subprocess.run(
            ["apt-get", "-qq", *arguments], check=False, capture_output=True, text=True, timeout=300
        )
    except FileNotFoundError:
        raise MissingProgram("apt-get", "apt") from None
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"apt-get: {reason}; apt-get update may help")
    return result.stdout
