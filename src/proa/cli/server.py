"""`proa server`: the API server, controllers and scheduler, in the foreground."""

from __future__ import annotations

from proa.cli.options import with_settings
from proa.settings import SERVER, Settings


@with_settings(SERVER)
def server(settings: Settings) -> None:
    """Run the API server, controllers and scheduler in the foreground. `proa up` does so for you."""
    from proa.cli.parts import running
    from proa.cli.parts import server as part
    from proa.cluster.controllers.arguments import check_arguments
    from proa.machine import bringup, checks
    from proa.machine.credentials import prepare_server
    from proa.machine.layout import Layout
    from proa.machine.plan import server_settings

    checks.check_root()
    check_arguments(settings.kube_controller_manager_arg)
    checks.check_port(settings.bind_address, settings.https_listen_port, "--https-listen-port")
    layout = Layout(settings.data_dir, settings.run_dir)
    planned = bringup.planned_nodes(settings, count=0)
    prepare_server(settings, layout, [it for node in planned for it in node.addresses])
    running.run(part.server, server_settings(settings, planned))
