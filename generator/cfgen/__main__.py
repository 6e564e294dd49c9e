"""``python -m cfgen``, and the ``cfgen`` command: Ctrl-C before the command line is loaded prints no traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from cfgen.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
