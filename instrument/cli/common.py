"""Checks and opens what the options of several commands name."""

from __future__ import annotations

import argparse
import atexit
import importlib
import os
import shlex
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.errors import AiTunesError, reason
from aitunes.release.reader import CARD
from aitunes.release.runtime import load_runtime
from aitunes.release.summaries import summarise_apart
from aitunes.release.writer import restore_interrupted
from instrument.storage import paths
from instrument.storage.library import Library
from instrument.storage.release_trial import ReleaseTrial
from instrument.terminal import say, unstoppable

_PATIENCE_SECONDS = 2.5
_CACHE_PREFIX = "aitunes-compiled-"


def import_with_compiled_code(name: str) -> ModuleType:
    """Import a module that has compiled code, even where numba finds no folder to keep it in.

    That is so where neither the package's folder nor the user's home may be written.
    """
    try:
        return importlib.import_module(name)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
    from numba.core import config

    # A fresh one each time: a lasting one, where everybody may write, could hold somebody else's code.
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix=_CACHE_PREFIX)
    atexit.register(remove_own_cache)
    config.reload_config()  # type: ignore[no-untyped-call, unused-ignore]
    return importlib.import_module(name)


def remove_own_cache() -> None:
    """Remove the folder that compiled code was kept in for this process alone."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
    if folder.name.startswith(_CACHE_PREFIX) and folder.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(folder, ignore_errors=True)


def load_compiled_code() -> None:
    """Have all compiled code at hand, for which nobody may wait while the engine plays.

    Where numba has not cached it yet, a sentence says what takes so long.
    """
    sentence = "Compiling the synthesis for this machine, this once; about a minute …"
    timer = threading.Timer(_PATIENCE_SECONDS, lambda: print(sentence, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    with unstoppable():  # a signal inside that library's import would come out as an error of its own
        load_runtime()
    # Here, because `aitunes releases` must not wait for numba.
    from instrument.listening.analysis import load_compiled_code as load_listening
    from instrument.synthesis.release_renderer import load_compiled_code as load_synthesis

    load_synthesis()
    load_listening()
    timer.cancel()


class UsageError(AiTunesError):
    """An option whose value cannot be meant."""

    exit_status = 2


def library(options: argparse.Namespace) -> Library:
    """Return the folder given by --releases first, then the usual ones.

    Raises:
        UsageError: there is no such folder, or it is a release itself.
    """
    folders: list[Path] = [] if options.releases is None else [_folder_of_releases(options.releases)]
    folders += [paths.user_releases(), paths.bundled_releases()]
    with suppress(OSError):
        for sentence in restore_interrupted(paths.user_releases()):
            say(sentence)
    trial = ReleaseTrial(paths.home() / "tried-releases.json")
    return Library(folders, trial.check, summarise_apart, trial.close)


def _folder_of_releases(folder: Path) -> Path:
    try:
        if not folder.is_dir():
            raise UsageError(f"--releases {folder}: there is no such folder.")
        if (folder / CARD).exists():
            whole = folder.resolve()
            raise UsageError(
                f"--releases {folder}: this is a release itself; give the folder that holds it: "
                f"--releases {shlex.quote(str(whole.parent))} --release {shlex.quote(whole.name)}"
            )
        next(folder.iterdir(), None)
    except OSError as error:
        raise UsageError(f"--releases {folder}: {reason(error)}.") from error
    return folder


def iterations(options: argparse.Namespace) -> int:
    """Phase reconstruction effort, where it was asked for, or the default."""
    return DEFAULT_ITERATIONS if options.iterations is None else int(options.iterations)
