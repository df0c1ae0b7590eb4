"""`proa up`: a cluster on this machine, ready when it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from proa.cli.options import with_settings
from proa.settings import AGENT, SERVER, Settings

if TYPE_CHECKING:
    from proa.machine.record import Record


@with_settings(SERVER, AGENT)
def up(
    settings: Settings,
    nodes: Annotated[
        int,
        typer.Option(
            help="Make this many nodes as network namespaces, at most 9 [default: the machine itself]",
            show_default=False,
        ),
    ] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print how long each step took")] = False,
) -> None:
    """Start a cluster on this machine and wait until it is ready."""
    import asyncio

    from proa.cli.progress import Progress
    from proa.machine import bringup, checks, record, teardown, waiting
    from proa.machine.keeper import keeper
    from proa.machine.layout import Layout

    checks.check_root()
    if settings.kubelet_arg:
        from proa.cluster.kubelet.arguments import parse_arguments

        parse_arguments(settings.kubelet_arg)
    if settings.kube_controller_manager_arg:
        from proa.cluster.controllers.arguments import check_arguments

        check_arguments(settings.kube_controller_manager_arg)
    layout = Layout(settings.data_dir, settings.run_dir)
    running = record.read(layout)
    if running and keeper(layout, running.nodes).is_running():
        _say_running(settings, running, nodes)
        return
    planned = bringup.planned_nodes(settings, nodes)
    bringup.check(settings, layout, planned)
    with Progress(verbose=verbose) as progress:
        bringup.prepare(settings, layout, planned, progress.step)
        try:
            asyncio.run(bringup.start(settings, layout, planned, progress.step))
        except waiting.PartDied:
            teardown.take_down(layout)
            raise
    print(_next_steps(settings, [node.name for node in planned], progress.seconds))


def _say_running(settings: Settings, running: Record, nodes: int) -> None:
    same = running.settings == settings.as_text() and nodes in (0, len(running.nodes))
    names = ", ".join(node.name for node in running.nodes)
    print(
        f"proa is running already ({names})."
        + ("" if same else " For other settings: proa down, then proa up.")
    )


def _next_steps(settings: Settings, names: list[str], seconds: float) -> str:
    return f"""\
The cluster is ready after {seconds:.1f} s: {", ".join(names)}.

  export KUBECONFIG={settings.write_kubeconfig}
  kubectl get nodes -o wide
  kubectl get storageclass
  kubectl create -f examples/storage/pvc.yaml -f examples/storage/pod.yaml

proa status shows its parts, proa down stops it."""
