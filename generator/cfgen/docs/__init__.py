"""Reference pages written from the code they describe, so that they cannot drift.

``python -m cfgen.docs`` writes them into ``docs/``. One page a module; ``pages.PAGES`` lists them. Pages that people
write are not here; ``tests/test_docs.py`` runs the commands they show.
"""
