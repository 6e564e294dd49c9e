"""Building: hub to S3, the usual way against ours (see build_stream.py, which also takes sizes of your own)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(quick: bool) -> None:
    """2 GiB of random weights; 256 MiB when quick, where starting up counts for much."""
    print("\n## Hub to S3\n", flush=True)
    script = Path(__file__).with_name("build_stream.py")
    subprocess.run([sys.executable, str(script), "--mib", "256" if quick else "2048"], check=True)
