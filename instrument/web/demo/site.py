"""Writes the site: the page, the modules that it reaches, and one release as JSON and weights."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from aitunes import __version__
from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_power
from aitunes.features import AudioFeatures
from aitunes.release.drawing import DRAWING
from aitunes.release.motion import read_motion
from aitunes.release.reader import Release
from instrument.namespace import ROOT, initial_numbers
from instrument.storage.library import Library
from instrument.synthesis.dynamics import CEILING, LIMITER_SECONDS
from instrument.synthesis.stereo import decorrelator, spread
from instrument.synthesis.tones import SLOTS
from instrument.web.catalogue import Catalogue
from instrument.web.demo.motion import describe_motion
from instrument.web.demo.plan import DemoSiteError, compile_plan, read_graph

WEB = Path(__file__).parents[1]
PAGE, INDEX = "demo_page", "index.html"
_ENTRIES = (f"{PAGE}/main.js", f"{PAGE}/worklet.js", "static/pictures_worker.js")
_OTHERS = (f"{PAGE}/demo.css", "static/style.css", "static/views.css", "static/icon.svg")
_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["'](\.[^"']+)["'];""", re.M)
_OVERLAPS = (2, 4, 8, 16)


def build_site(library: Library, name: str, folder: Path) -> int:
    """Build the site of a release in a folder that is new, empty, or an earlier site; return its bytes.

    Raises:
        DemoSiteError: the release is not one that a page can play, or the folder holds something else.
        ReleaseError: there is no such release.
    """
    release = library.open(name)
    described, numbers = describe(release, Catalogue(library))
    _clear(folder)
    for path in ["", *_OTHERS, *modules(_ENTRIES)]:
        source, target = (WEB / path, folder / path) if path else (WEB / PAGE / INDEX, folder / INDEX)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (folder / "release").mkdir()
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    (folder / "release" / "release.json").write_text(text, encoding="utf-8")
    for file, data in numbers.items():
        (folder / "release" / file).write_bytes(data)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def describe(release: Release, catalogue: Catalogue) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what the page knows of a release, and files of numbers: its network's weights, and how its notes move.

    Raises:
        DemoSiteError: the release is not one that a page can play.
    """
    card, drawing = release.card, release.drawing
    features, latent = card.features, card.latent
    n_fft, hop = features.n_fft, features.hop_length
    if drawing is None:
        raise DemoSiteError(f"The release {card.name} has no {DRAWING}, which a page can run; take another one.")
    if n_fft & (n_fft - 1) or n_fft // hop not in _OVERLAPS:
        raise DemoSiteError(f"A page plays windows of 2, 4, 8 or 16 hops and of 2 × 2 × … samples, not {n_fft}/{hop}.")
    row = catalogue.row(card.name)
    plan = compile_plan(read_graph(release.folder / DRAWING))
    ranges = {spec.name: list(spec.range) for spec in card.inputs}
    described = {
        "version": __version__,
        "card": {"name": card.name, "public_name": card.public_name, "inputs": [{"name": name} for name in ranges]},
        "entry": {name: row[name] for name in ("description", "axes", "note_range", "licence", "data", "items")},
        "features": {
            "sampleRate": features.sample_rate,
            "transform": n_fft,
            "hop": hop,
            "dbRange": list(features.db_range),
            "fullPower": frame_power(FULL_LEVEL_DB, n_fft),
        },
        "latent": {
            "mean": np.asarray(latent.mean).tolist(),
            "deviations": np.sqrt(np.asarray(latent.variance)).tolist(),
            "axes": np.asarray(latent.axes).tolist(),
            "ranges": np.asarray(latent.pad_range).tolist(),
        },
        "inputs": ranges,
        "map": catalogue.map(card.name, (0, 1)),
        "drawing": {"points": drawing.points, "harmonics": drawing.harmonics, "plan": plan.described()},
        "stereo": _stereo(features),
    }
    numbers = {"weights.bin": plan.weights().tobytes()}
    if (motion := read_motion(release.folder, card)) is not None:
        described["motion"], numbers["motion.bin"] = describe_motion(motion)
    return described, numbers


def _stereo(features: AudioFeatures) -> dict[str, Any]:
    """Return what the page's last stage takes from the engine's."""
    delays, gains, high_pass = decorrelator(features.sample_rate)
    return {
        "delays": delays.tolist(),
        "gains": gains.tolist(),
        "highPass": high_pass,
        "spreads": [spread(slot) for slot in range(SLOTS)],
        "width": initial_numbers(f"{ROOT}/width")[0],
        "ceiling": CEILING,
        "release": math.exp(-1.0 / (LIMITER_SECONDS * features.sample_rate)),
    }


def modules(entries: tuple[str, ...]) -> list[str]:
    """Return the paths below `instrument/web` of some modules and of all that they import."""
    found: list[str] = []
    waiting = list(entries)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.append(path)
        source = WEB / path
        waiting += [
            (source.parent / other).resolve().relative_to(WEB).as_posix()
            for other in _IMPORT.findall(source.read_text(encoding="utf-8"))
        ]
    return sorted(found)


def _clear(folder: Path) -> None:
    """Remove an earlier site; what is none stays."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "release" / "release.json").is_file():
            raise DemoSiteError(f"{folder} is not empty and holds no earlier site; name another folder with --to.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
