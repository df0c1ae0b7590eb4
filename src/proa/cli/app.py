"""All commands. A new one is a file beside this one and a line here."""

from __future__ import annotations

import typer

from proa.cli import agent, down, features, images, kubectl, secrets_encrypt, server, status, up, version

app = typer.Typer(
    name="proa",
    help="A small Kubernetes cluster on this machine, with storage and a pod network.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up.up)
app.command()(down.down)
app.command()(status.status)
app.command()(server.server)
app.command()(agent.agent)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)(kubectl.kubectl)
app.add_typer(images.app, name="images")
app.add_typer(secrets_encrypt.app, name="secrets-encrypt")
app.add_typer(features.app, name="features")
app.command()(version.version)
