"""Side-by-side measurements: each module times ours against a baseline in one run and reports ratios."""
