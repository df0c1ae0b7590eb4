"""`proa status`: the parts of the cluster and its nodes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from proa.cli.options import with_settings
from proa.settings import COMMON, Settings

if TYPE_CHECKING:
    from proa.supervisor import Status


@with_settings(COMMON)
def status(settings: Settings) -> None:
    """Show the parts of the cluster, and whether its nodes are ready. Exit code 3 when it is not whole."""
    from proa.machine import record
    from proa.machine.keeper import keeper
    from proa.machine.layout import Layout

    layout = Layout(settings.data_dir, settings.run_dir)
    running = record.read(layout)
    statuses = keeper(layout, running.nodes).statuses() if running else []
    if running is None or not any(part.state == "running" for part in statuses):
        print("proa is not running: start it with proa up")
        raise typer.Exit(3)
    ready = _node_states(settings)
    _print_table(statuses, ready)
    whole = all(part.state == "running" for part in statuses) and all(
        ready.get(node.name) == "Ready" for node in running.nodes
    )
    raise typer.Exit(0 if whole else 3)


def _node_states(settings: Settings) -> dict[str, str]:
    """Ready or NotReady by node; empty when the API server does not answer."""
    import asyncio

    from proa.errors import ProaError
    from proa.machine.waiting import node_states

    try:
        return asyncio.run(node_states(settings.write_kubeconfig))
    except ProaError as error:
        print(f"The API server does not answer: {error}")
        return {}


def _print_table(statuses: Sequence[Status], nodes: Mapping[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="")
    for title in ("PART", "STATE"):
        table.add_column(title)
    for title in ("PID", "MEMORY", "RESTARTS"):
        table.add_column(title, justify="right")
    for part in statuses:
        memory = f"{part.memory_kib / 1024:.0f} MiB" if part.memory_kib else "-"
        table.add_row(part.name, part.state, str(part.pid or "-"), memory, str(part.restarts))
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    for name, state in nodes.items():
        console.print(f"node {name}: {state}", highlight=False)
