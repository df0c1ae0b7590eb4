"""`proa images`: bring images into the cluster without a registry, and list them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from proa.cli.options import with_settings
from proa.settings import COMMON, Settings

if TYPE_CHECKING:
    from proa.machine.layout import NodeLayout

app = typer.Typer(help="Images of the cluster's nodes.", no_args_is_help=True, rich_markup_mode=None)


@app.command("import")
@with_settings(COMMON)
def import_(
    settings: Settings,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Archive, as docker save or podman save writes it")
    ],
) -> None:
    """Import an archive on every node."""
    from proa.machine import image_store

    for place in _nodes(settings):
        for name in image_store.load(place.containerd_socket, file):
            print(f"{place.root.name}: {name}")


@app.command("list")
@with_settings(COMMON)
def list_(settings: Settings) -> None:
    """List the images of every node."""
    from proa.machine import image_store

    for place in _nodes(settings):
        for name in sorted(image_store.names(place.containerd_socket)):
            print(f"{place.root.name}: {name}")


def _nodes(settings: Settings) -> list[NodeLayout]:
    from proa.errors import UserError
    from proa.machine import checks, record
    from proa.machine.layout import Layout

    checks.check_root()
    layout = Layout(settings.data_dir, settings.run_dir)
    running = record.read(layout)
    if running is None:
        raise UserError("proa is not running: start it with proa up")
    return [layout.node(node.name) for node in running.nodes]
