"""`proa secrets-encrypt`: the keys by which Secrets are encrypted at rest."""

from __future__ import annotations

from pathlib import Path

import typer

from proa.cli.options import with_settings
from proa.settings import COMMON, Settings

app = typer.Typer(help="Encryption of Secrets at rest.", no_args_is_help=True)
_RESTART = "Restart the server: it then brings all Secrets into the new form."


def _file(settings: Settings) -> Path:
    from proa.machine import checks
    from proa.machine.layout import Layout

    checks.check_root()
    return Layout(settings.data_dir, settings.run_dir).encryption_config


@app.command()
@with_settings(COMMON)
def status(settings: Settings) -> None:
    """Tell whether Secrets are encrypted, and by which key."""
    from proa.machine import secrets_encryption

    enabled, keys = secrets_encryption.status(_file(settings))
    print(f"Encryption Status: {'Enabled' if enabled else 'Disabled'}")
    for index, name in enumerate(keys):
        print(f"{'*' if enabled and not index else ' '} AES-GCM  {name}")


@app.command()
@with_settings(COMMON)
def enable(settings: Settings) -> None:
    """Encrypt Secrets from the next start on."""
    from proa.machine import secrets_encryption

    secrets_encryption.enable(_file(settings))
    print(f"Encryption is enabled. {_RESTART}")


@app.command()
@with_settings(COMMON)
def disable(settings: Settings) -> None:
    """Store Secrets plainly from the next start on."""
    from proa.machine import secrets_encryption

    secrets_encryption.disable(_file(settings))
    print(f"Encryption is disabled. {_RESTART}")


@app.command("rotate-keys")
@with_settings(COMMON)
def rotate_keys(settings: Settings) -> None:
    """Make a new key, and let it be the active one from the next start on."""
    from proa.machine import secrets_encryption

    name = secrets_encryption.rotate(_file(settings))
    print(f"The new key is {name}. {_RESTART}")
    print("Then `proa secrets-encrypt prune` forgets the old keys.")


@app.command()
@with_settings(COMMON)
def prune(settings: Settings) -> None:
    """Forget all keys but the active one; the server must have been restarted since it is active."""
    from proa.machine import secrets_encryption

    names = secrets_encryption.prune(_file(settings))
    print("Forgotten: " + (", ".join(names) or "no key"))
