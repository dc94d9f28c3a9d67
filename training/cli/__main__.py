"""Runs the command line as `python -m training.cli`."""

from training.cli import main

raise SystemExit(main())
