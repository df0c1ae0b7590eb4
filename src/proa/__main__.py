"""The command `proa`, also as `python -m proa`."""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave with its exit code."""
    from proa.cli import run

    run()


if __name__ == "__main__":
    main()
