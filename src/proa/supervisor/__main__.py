"""`python -m proa.supervisor FOLDER`: the supervisor's own process."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from proa.supervisor.loop import Supervisor


def main() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    Supervisor(Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
