"""Linting on several cores, where that pays: rules are loaded once, then inherited by forked workers."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Sequence

from cfgen.lint.findings import Finding, TemplateSource

# A fork and the way back cost about as much as a handful of templates.
WORTH_IT = 12


def in_processes(sources: Sequence[TemplateSource], own_rules: bool, processes: int) -> list[Finding] | None:
    """Findings from worker processes, or None when one process is the better choice.

    Only where ``fork`` is the platform's own way and no other thread runs: a spawned worker would load
    cfn-lint anew, which costs more than it saves.
    """
    wanted = processes or (min(os.cpu_count() or 1, 8) if len(sources) >= WORTH_IT else 1)
    wanted = min(wanted, len(sources))
    if wanted < 2 or not sys.platform.startswith("linux") or threading.active_count() > 1:
        return None
    import multiprocessing

    from cfgen.lint import engine

    # The first template is linted here: it loads rules and schemas, which the workers then need not do each.
    results = [engine.lint_one(sources[0], own_rules)]
    gc.collect()
    gc.freeze()  # and the collector must not touch, and so copy, what they inherit
    with multiprocessing.get_context("fork").Pool(wanted) as pool:
        jobs = [(source, own_rules) for source in sources[1:]]
        results += pool.starmap(engine.lint_one, jobs, chunksize=1)
    return [finding for findings in results for finding in findings]
