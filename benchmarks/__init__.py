"""Measurements that decisions rest on. Scripts, never timed tests: `python -m benchmarks.<name>`."""
