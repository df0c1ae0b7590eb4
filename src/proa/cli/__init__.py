"""The command line: one file a command, which parses, prints and chooses the exit code, and works nothing."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Run the command that the arguments name, and leave with its exit code."""
    from typer.exceptions import TyperException

    from proa.cli.app import app
    from proa.errors import ProaError

    try:
        code = app(standalone_mode=False)
    except (ProaError, TyperException) as error:
        _fail(getattr(error, "format_message", error.__str__)())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    print(f"proa: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(1)
