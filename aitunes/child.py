"""Runs a module in a child process: `python -P -m aitunes.child MODULE WORDS`; Ctrl-C ends it without a traceback.

A terminal sends Ctrl-C to the children of a command, too, most of which are importing something then.
"""

import logging
import runpy
import sys

from aitunes.early_stop import end_at_once_on_interrupt
from aitunes.memory_bound import unbound_memory

if __name__ == "__main__":
    end_at_once_on_interrupt()
    unbound_memory()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it complains where a home cannot be written
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
