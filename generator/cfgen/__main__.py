"""``python -m cfgen``."""

from cfgen.cli import main

main()
