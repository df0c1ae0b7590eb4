"""`proa agent`: kubelet, pod network and local storage of one node, in the foreground."""

from __future__ import annotations

from proa.cli.options import with_settings
from proa.settings import AGENT, Settings


@with_settings(AGENT)
def agent(settings: Settings) -> None:
    """Run the node agent in the foreground, beside a containerd. `proa up` does so for you."""
    from proa.cli.parts import agent as part
    from proa.cli.parts import running
    from proa.machine import bringup, checks
    from proa.machine.layout import Layout
    from proa.machine.plan import node_settings

    checks.check_root()
    layout = Layout(settings.data_dir, settings.run_dir)
    (node,) = bringup.planned_nodes(settings, count=0)
    bringup.require_node(settings, layout, node)
    running.run(part.agent, node_settings(settings, node))
