"""`proa down`: the cluster off this machine, which is left as it was."""

from __future__ import annotations

from typing import Annotated

import typer

from proa.cli.options import with_settings
from proa.settings import COMMON, Settings


@with_settings(COMMON)
def down(
    settings: Settings,
    purge: Annotated[bool, typer.Option("--purge", help="Remove its state and local volumes too")] = False,
) -> None:
    """Stop the cluster and remove what it made in the kernel; its state stays."""
    from proa.machine import checks, teardown
    from proa.machine.layout import Layout

    checks.check_root()
    layout = Layout(settings.data_dir, settings.run_dir)
    if teardown.take_down(layout):
        print("proa is stopped" + ("." if purge else f"; its state is in {layout.data}."))
    else:
        print("proa is not running.")
    if purge:
        teardown.purge(settings, layout)
        print(f"Removed its state from {layout.data}.")
