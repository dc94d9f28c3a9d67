"""Renders one job in a process of its own: `python -P -m instrument.web.render_worker`.

The job comes as JSON on standard input; each line of standard output is JSON, too: progress, and at the end the length
or a sentence.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aitunes.errors import AiTunesError
from aitunes.release.reader import read_landmarks
from aitunes.release.trial import Limits, limit_process
from instrument.web.render_request import MAX_SECONDS, RenderRequest
from instrument.web.walks import path_score, walk_score

MAX_MEMORY_BYTES = 2 << 30
MAX_FILE_BYTES = 1 << 30
START_SECONDS = 60
SECONDS_A_SECOND = 8
"""Processor time that a second of sound may take, seconds."""
_TELL_SECONDS = 0.2
_BLOCK = 1 << 14


def processor_seconds(length: float | None) -> int:
    """Return how long a render may take."""
    return round(START_SECONDS + SECONDS_A_SECOND * (MAX_SECONDS if length is None else length))


def main() -> int:
    """Render the job on standard input."""
    job = json.load(sys.stdin)
    request = RenderRequest.model_validate(job["request"])
    seconds = processor_seconds(request.length)
    limit_process(Limits(MAX_MEMORY_BYTES, seconds, 3 * seconds, MAX_FILE_BYTES))
    try:
        _tell(done=_render(request, Path(job["path"]), [Path(folder) for folder in job["folders"]]))
    except AiTunesError as error:
        _tell(error=str(error))
    except MemoryError:
        _tell(error="This needs more memory than a render may have; make it shorter.")
    return 0


def _render(request: RenderRequest, path: Path, folders: list[Path]) -> float:
    # Here, after the limits: these load compiled code.
    from instrument.cli.common import load_compiled_code
    from instrument.scores.render import RenderOptions, render_score
    from instrument.storage import paths
    from instrument.storage.library import Library
    from instrument.storage.release_trial import ReleaseTrial

    trial = ReleaseTrial(paths.home() / "tried-releases.json")
    library = Library(folders, trial.check, end_trials=trial.close)
    text, length = _score(request, library), request.length
    _check_length(text, length)
    load_compiled_code()
    direct = request.channels == 2 and request.format != "ogg"
    target = path if direct else path.with_suffix(".stereo.wav")
    options = RenderOptions(request.release, length, request.sample_rate)
    seconds = render_score(text, target, library, options, _progress())
    if not direct:
        _convert(target, path, request)
        target.unlink()
    return seconds


def _score(request: RenderRequest, library: Any) -> str:
    from instrument.midi.midi_file import MidiFileError
    from instrument.midi.score import score_of_midi
    from instrument.scores.gesture_store import GestureStore
    from instrument.scores.score import without_misfits
    from instrument.storage import paths
    from instrument.synthesis.tones import plays_notes

    if request.score is not None:
        return request.score
    if request.gesture is not None:
        return GestureStore(paths.gestures()).read(request.gesture)
    if request.midi is not None:
        try:
            content = base64.b64decode(request.midi)
        except binascii.Error as error:
            raise MidiFileError("The MIDI file is not in base64; encode it again.") from error
        card = library.card(request.release)
        # What the release cannot play is left out, as the command does.
        return without_misfits(score_of_midi(content, plays_notes=plays_notes(card)), card, library.card)[0]
    if request.points is not None:
        places = [(point.seconds, point.x, point.y) for point in request.points]
        seed = f"0 /aitunes/motion/seed {request.seed}\n"
        return seed + path_score(places, request.axes, request.note)
    card = library.card(request.release)
    marks = read_landmarks(library.folder(request.release), card)
    positions = card.latent.pad_positions(card.latent.coordinates(marks.codes), (0, min(1, card.latent_dim - 1)))
    pitch = next((spec.range for spec in card.inputs if spec.name == "pitch"), None)
    walked = [(float(x), float(y)) for x, y in positions]
    return walk_score(request.length or 0.0, request.seed, walked, pitch)


def _check_length(text: str, length: float | None) -> None:
    from instrument.scores.score import ScoreError, last_second, without_damage

    if length is None and (last := last_second(without_damage(text))) is not None and last > MAX_SECONDS:
        raise ScoreError(f"This has {last:.0f} s; give the seconds that are to be rendered, {MAX_SECONDS:.0f} at most.")


def _convert(source: Path, target: Path, request: RenderRequest) -> None:
    import soundfile

    kinds = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS")}
    kind, subtype = kinds[request.format]
    with soundfile.SoundFile(source) as sound:
        rate = sound.samplerate
        with soundfile.SoundFile(target, "w", rate, request.channels, subtype=subtype, format=kind) as out:
            for block in sound.blocks(_BLOCK, dtype="float32", always_2d=True):
                out.write(block if request.channels == 2 else block.mean(axis=1))


def _progress() -> Callable[[float], None]:
    due = 0.0

    def tell(share: float) -> None:
        nonlocal due
        if (now := time.monotonic()) >= due:
            due = now + _TELL_SECONDS
            _tell(progress=round(share, 4))

    return tell


def _tell(**words: Any) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    sys.exit(main())
