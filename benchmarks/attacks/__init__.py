"""Attacks by subject; `python -m benchmarks.attack` runs them."""
