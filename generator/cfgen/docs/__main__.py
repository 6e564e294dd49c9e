"""``python -m cfgen.docs [FOLDER]``: write the generated pages, and say which changed."""

from __future__ import annotations

import sys
from pathlib import Path

from cfgen.docs.pages import PAGES
from cfgen.files import write_atomically


def main(folder: Path) -> None:
    """Write every page whose text differs."""
    for name, page in PAGES.items():
        file, text = folder / name, page()
        if not file.is_file() or file.read_bytes() != text.encode():
            write_atomically(file, text)
            print(f"{file}: written")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
