"""Does a server that is killed at random moments lose anything?

ROUNDS times: eight writers and four watchers, `kill -9`, a restart, and a look at what is stored. It stops at
the first answered write that is lost, event that is missing or revision that goes back.

    python benchmarks/api/kill.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from support.killing import survive


async def main() -> None:
    """Run and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        survived = await survive(Path(folder), rounds)
    print(
        f"{survived.rounds} kills, {survived.writes} answered writes, {survived.events} events to each of "
        f"four watchers: none lost, no revision went back ({time.monotonic() - begin:.0f} s)"
    )


asyncio.run(main())
