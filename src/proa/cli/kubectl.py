"""`proa kubectl ...`: the real kubectl against this cluster."""

from __future__ import annotations

import typer


def kubectl(context: typer.Context) -> None:
    """Run kubectl against this cluster; all that follows is kubectl's own."""
    import os
    import shutil

    from proa.errors import UserError
    from proa.machine.programs import cached_kubectl
    from proa.settings import load

    settings = load({})
    program = shutil.which("kubectl") or cached_kubectl()
    if program is None:
        raise UserError("kubectl is not installed: scripts/bootstrap fetches it")
    if not settings.write_kubeconfig.exists():
        raise UserError(f"{settings.write_kubeconfig} is not there: start the cluster with proa up")
    os.environ["KUBECONFIG"] = str(settings.write_kubeconfig)
    os.execv(program, ["kubectl", *context.args])  # noqa: S606  the very program that was asked for
