"""The images that the conformance tests run, made of Go programs and Debian's packages, without a registry.

    python tests/conformance/images.py PROGRAMS FOLDER

PROGRAMS holds e2e.test, which prints the names that it wants, and the programs that go into images. The
archives land in FOLDER, and their paths are printed. An image that is not made here is left out, and the
tests that want it fail.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import debian

from proa.files import write_atomic
from proa.machine import images
from proa.machine.images import Image

_PASSWD = b"""root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
user-defined-in-image:x:1000:1000::/home:/bin/sh
www-data:x:33:33::/var/www:/bin/false
"""
_GROUP = b"""root:x:0:
nogroup:x:65534:
www-data:x:33:
group-defined-in-image:x:50000:user-defined-in-image
"""
_ACCOUNTS = {"etc/passwd": (_PASSWD, 0o644), "etc/group": (_GROUP, 0o644)}
_TOOLS = (
    "bash",
    "bind9-dnsutils",
    "ca-certificates",
    "coreutils",
    "curl",
    "iproute2",
    "libc-bin",
    "netcat-openbsd",
    "socat",
    "wget",
)
_REGRESSION = "regression-issue-74839"
_CANNOT_BE_HAD = "authenticated"
"""In the name of what tests want to see refused."""
_CERTIFICATE = ("localhost.crt", "localhost.key")
_NGINX = b"""daemon off;
user www-data;
events {}
http { server { listen 80; location / { root /usr/share/nginx/html; } } }
"""

Maker = Callable[[], Image]


def system(
    packages: Sequence[str],
    cache: Path,
    files: Mapping[str, tuple[bytes, int]],
    folders: Mapping[str, int],
    links: Mapping[str, str],
) -> Image:
    """Busybox, these packages over it, and more files."""
    found, base = debian.content(packages, cache), images.busybox()
    content = {debian.merged(path): file for path, file in base.files.items()} | found.files
    content |= {**_ACCOUNTS, **files}
    targets = {debian.merged(path): target for path, target in base.links.items()} | found.links
    return Image(
        names=(),
        files=content,
        links={path: target for path, target in targets.items() if path not in content} | dict(links),
        folders={debian.merged(path): mode for path, mode in {**base.folders, **folders}.items()},
    )


class Makers:
    """Makes images by the last part of their names."""

    def __init__(self, programs: Path, cache: Path) -> None:
        self._programs = programs
        self._cache = cache
        self.known: Mapping[str, Maker] = {
            "agnhost": self._agnhost,
            "glibc-dns-testing": self._agnhost,
            "nautilus": lambda: self._pages("nautilus"),
            "kitten": lambda: self._pages("kitten"),
            "busybox": self._busybox,
            "pause": images.pause,
            "nginx": self._nginx,
            "nonroot": lambda: replace(self._busybox(), user="1234"),
            "ipc-utils": lambda: replace(system(("util-linux",), cache, {}, {}, {}), command=("sh",)),
            "perl": lambda: replace(system(("perl-base",), cache, {}, {}, {}), command=("perl",)),
            "regression-issue-74839": lambda: self._single(
                "regression-issue-74839", "regression-issue-74839"
            ),
            "nonewprivs": self._no_new_privileges,
            "sample-apiserver": lambda: self._single("sample-apiserver", "sample-apiserver"),
            "etcd": lambda: self._single("etcd", "usr/local/bin/etcd"),
            "resource-consumer": self._resource_consumer,
        }

    def _program(self, name: str, mode: int = 0o755) -> tuple[bytes, int]:
        return (self._programs / name).read_bytes(), mode

    def _agnhost(self) -> Image:
        """Upstream's test program, with the tools that tests call in its shell."""
        files = {"agnhost": self._program("agnhost"), "etc/nsswitch.conf": (b"hosts: files dns\n", 0o644)}
        files |= {name: self._program(name, 0o644) for name in _CERTIFICATE}
        links = {"agnhost-2": "agnhost", "usr/bin/nc": "nc.openbsd", "usr/bin/sh": "bash"}
        image = system(_TOOLS, self._cache, files, {"uploads": 0o777}, links)
        return replace(image, entrypoint=("/agnhost",), command=("pause",))

    def _pages(self, picture: str) -> Image:
        """The same program, which serves a page that tells one version of the image from another."""
        image = self._agnhost()
        page = b'{\n  "image": "%s.jpg"\n}\n' % picture.encode()
        files = {**image.files, "data.json": (page, 0o644), f"{picture}.jpg": (picture.encode(), 0o644)}
        return replace(image, files=files, command=("test-webserver",))

    def _nginx(self) -> Image:
        """Debian's nginx with a page."""
        files = {
            "etc/nginx/nginx.conf": (_NGINX, 0o644),
            "usr/share/nginx/html/index.html": (b"<h1>Welcome to nginx!</h1>\n", 0o644),
        }
        folders = {"var/lib/nginx": 0o777, "var/log/nginx": 0o777, "run": 0o777}
        return replace(
            system(("nginx-light",), self._cache, files, folders, {}), entrypoint=("/usr/sbin/nginx",)
        )

    def _busybox(self) -> Image:
        """Debian's busybox, but for its shell, which drops variables with odd names and runs no other nc."""
        links = {"usr/bin/sh": "bash", "usr/bin/sysctl": "../sbin/sysctl"}
        return replace(system(("bash", "procps"), self._cache, {}, {}, links), command=("sh",))

    def _no_new_privileges(self) -> Image:
        """A program that gains its owner's rights, where it may."""
        files = {"usr/local/bin/nnp": self._program("nonewprivs", 0o6755)}
        return replace(system((), self._cache, files, {}, {}), command=("nnp",))

    def _resource_consumer(self) -> Image:
        """What uses as much of the processor and memory as it is told to."""
        files = {
            "consumer": self._program("resource-consumer"),
            "consume-cpu/consume-cpu": self._program("consume-cpu"),
        }
        return replace(system(("stress",), self._cache, files, {}, {}), entrypoint=("/consumer",))

    def _single(self, program: str, path: str) -> Image:
        """One static program."""
        return Image((), {path: self._program(program)}, folders={"tmp": 0o1777}, entrypoint=(f"/{path}",))


def build(programs: Path, folder: Path) -> list[Path]:
    """The archives in `folder`, one for all names of an image; those that are there stay."""
    made = []
    wanted = _wanted(programs / "e2e.test")
    makers = Makers(programs, folder / "packages")
    for short, maker in makers.known.items():
        path = folder / f"{short}.tar"
        if short in wanted and not path.exists():
            write_atomic(path, images.archive(replace(maker(), names=tuple(wanted[short]))))
        if short in wanted:
            made.append(path)
    return made


def _wanted(tests: Path) -> Mapping[str, list[str]]:
    """The names of images that a test program asks for, by their last part."""
    listed = subprocess.run([tests, "--list-images"], check=True, capture_output=True, text=True).stdout
    wanted: dict[str, list[str]] = {}
    for name in sorted(name for name in set(listed.split()) if _CANNOT_BE_HAD not in name):
        wanted.setdefault(name.rpartition("/")[2].partition(":")[0], []).append(name)
    return wanted


if __name__ == "__main__":
    for path in build(*map(Path, sys.argv[1:3])):
        print(path)
