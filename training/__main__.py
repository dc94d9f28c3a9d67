"""`python -m training` is `aitunes-train`."""

import sys

try:
    from aitunes.early_stop import end_at_once_on_interrupt, ignore_interrupts
except KeyboardInterrupt:
    sys.exit(130)


def run() -> int:
    """Run the command; Ctrl-C ends it without a traceback from its first moment on."""
    end_at_once_on_interrupt()
    from training.cli import main

    status = main()
    ignore_interrupts()
    return status


if __name__ == "__main__":
    sys.exit(run())
