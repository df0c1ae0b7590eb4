"""`proa features`: pod network, Services, DNS and local volumes on a cluster that is not proa's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from proa.cli.options import with_settings
from proa.settings import AGENT, SERVER, Settings

app = typer.Typer(help="The features beside another Kubernetes.", no_args_is_help=True, rich_markup_mode=None)
_Kubeconfig = Annotated[Path, typer.Option(help="Credentials for that cluster", metavar="FILE")]


@app.command("agent")
@with_settings(AGENT)
def agent(
    settings: Settings,
    kubeconfig: _Kubeconfig,
    cni_conf_dir: Annotated[Path, typer.Option(help="Where the runtime looks for networks")] = Path(
        "/etc/cni/net.d"
    ),
    cni_bin_dir: Annotated[Path, typer.Option(help="Where it looks for plugins")] = Path("/opt/cni/bin"),
) -> None:
    """Run the node half, in the network namespace of the node. kube-proxy must be off."""
    from proa.cli.parts import features, running
    from proa.machine import bringup, checks
    from proa.machine.layout import Layout
    from proa.machine.plan import node_settings

    checks.check_root()
    (known,) = bringup.planned_nodes(settings, count=0)
    place = Layout(settings.data_dir, settings.run_dir).node(known.name)
    place.run.mkdir(parents=True, exist_ok=True)
    places = features.NetworkPlaces(place.root / "network", place.network_socket, cni_conf_dir, cni_bin_dir)
    running.run(features.node(kubeconfig, places), node_settings(settings, known))


@app.command("controller")
@with_settings(SERVER)
def controller(settings: Settings, kubeconfig: _Kubeconfig) -> None:
    """Run the cluster-wide half, once for a cluster."""
    from proa.cli.parts import features, running

    running.run(features.cluster(kubeconfig), settings)
