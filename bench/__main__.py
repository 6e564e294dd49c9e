"""``python -m bench [--quick] [NAME…]``: run the measurements and print their tables."""

from __future__ import annotations

import argparse
import importlib
import platform

NAMES = ("render", "lint", "lookups", "deploy", "build", "publish")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], default=[])
    options = parser.parse_args()
    print(f"Python {platform.python_version()} on {platform.machine()}")
    for name in options.names or NAMES:
        importlib.import_module(f"bench.{name}").main(options.quick)


if __name__ == "__main__":
    main()
