"""Judges timbre transfer: whether pitch, level and brightness of what is played follow those of what is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.reader import read_release
from instrument.listening.analysis import Analyser
from instrument.listening.timbre import TimbreEncoder
from instrument.storage.paths import bundled_releases
from instrument.synthesis.following import Heard
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth

RATE = 44_100
_STEP = round(0.02 * RATE)
_MAX_LAG = 5
_INSTRUMENTS = [
    "voice_ih_high",
    "voice_oh_high",
    "voice_oh_mid",
    "voice_oh_low",
    "pan_flute",
    "bass_flute",
    "clarinet",
    "bass_clarinet",
    "alto_sax_pf",
    "violin_section_vel",
    "banjo",
    "celtic_harp",
    "vibraphone",
]
_LOOPS = [
    "guit/guit_e_slide",
    "ambi/ambi_choir",
    "loop/loop_breakbeat",
    "loop/loop_tabla",
    "loop/loop_mehackit1",
    "loop/loop_perc1",
    "loop/loop_safari",
]
_PITCHED = 15  # the first so many phrases


class OfflineEar:
    """Hears what it is given, on the caller's thread."""

    output_gain = 1.0

    def __init__(self, analyser: Analyser) -> None:
        self.analyser = analyser

    def heard(self) -> Heard | None:
        """Return what was heard last."""
        return self.analyser.heard

    def dry(self, length: int) -> FloatArray:
        """Return the input itself, [length]."""
        return self.analyser.dry.take(length)


def phrases(data: Path) -> dict[str, np.ndarray]:
    """Read twenty phrases that no bundled release has learnt: eight notes of one instrument each, and loops."""
    rng = np.random.default_rng(7)
    found = {}
    for name in _INSTRUMENTS:
        files = sorted((data / "notes2" / name).glob("*.flac"))
        notes = [_note(path, rng) for path in rng.choice(files, 8)]
        found[name] = np.concatenate(notes)
    for name in _LOOPS:
        found[name.split("/")[1]] = 0.4 * _read(data / "loops" / f"{name}.flac")[: 5 * RATE]
    return found


def _note(path: Path, rng: np.random.Generator) -> np.ndarray:
    y = _read(path)
    begin = int(np.argmax(np.abs(y) > 0.1))
    y = y[begin : begin + round(0.5 * RATE)] * 0.4 * 10.0 ** (-rng.uniform(0, 15) / 20.0)
    y[:64] *= np.linspace(0, 1, 64)
    y[-1_000:] *= np.linspace(1, 0, 1_000)
    return np.concatenate([y, np.zeros(round(0.08 * RATE))])


def _read(path: Path) -> np.ndarray:
    import librosa

    y = librosa.load(path, sr=RATE, mono=True)[0]
    return y / np.abs(y).max()


def play(release_name: str, y: np.ndarray, motion: float) -> np.ndarray:
    """Play a release with an input, all follow amounts at 1 and the pad in the middle, [samples]."""
    release = read_release(bundled_releases() / release_name)
    performance = Performance.of(release.card, iterations=4)
    performance.apply("/aitunes/motion", (motion,))
    analyser = Analyser(RATE, RATE, TimbreEncoder(release))
    performance.following.ear = OfflineEar(analyser)
    synth = Synth(ReleaseRenderer(release, RATE, 4, background=False), performance, RATE)
    hop, blocks = release.card.features.hop_length, []
    for at in range(0, len(y) - hop + 1, hop):
        analyser.process(y[at : at + hop].astype(np.float32), performance.following.settings)
        blocks.append(synth.render().mean(axis=1))
    return np.concatenate(blocks)


def contours(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pitch (MIDI, NaN where there is none), level (dB) and spectral centroid (octaves), every 20 ms."""
    from aitunes.audio_processing.note_pitch import track_pitch

    window = 2_048
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, (0, window)), window)[::_STEP]
    S = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    level = np.maximum(10.0 * np.log10((frames**2).mean(axis=1) + 1e-12), -60.0)
    centroid = np.log2(np.maximum(S @ np.arange(S.shape[1]) / np.maximum(S.sum(axis=1), 1e-12), 1e-3))
    pieces = [
        track_pitch(np.pad(y, (0, window))[at : at + 4_102 + 8 * _STEP], RATE) for at in range(0, len(y), 9 * _STEP)
    ]
    pitch = np.concatenate([np.where(piece.clarity > 0.75, piece.midi, np.nan)[:9] for piece in pieces])
    size = min(len(pitch), len(level))
    return pitch[:size], level[:size], centroid[:size]


def agreement(y: np.ndarray, played: np.ndarray) -> tuple[float, float, float, float]:
    """Correlate pitch, level, centroid at the lag where levels agree best; return the share of right pitches, too."""
    source, result = contours(y), contours(played)
    size = min(len(source[1]), len(result[1]))
    lag = max(range(_MAX_LAG + 1), key=lambda n: _correlation(source[1][: size - n], result[1][n:size]))
    a, b = ([one[: size - lag] for one in source], [one[lag:size] for one in result])
    loud = (a[1] > -45.0) & (b[1] > -45.0)
    voiced = loud & np.isfinite(a[0]) & np.isfinite(b[0])
    apart = np.abs(a[0] - b[0])[voiced]
    right = float(np.mean(apart < 0.5)) if voiced.sum() > 10 else np.nan
    pitch = _correlation(a[0][voiced], b[0][voiced]) if voiced.sum() > 10 else np.nan
    return pitch, _correlation(a[1], b[1]), _correlation(a[2][loud], b[2][loud]), right


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 10 and a.std() > 0.0 and b.std() > 0.0 else 0.0


def main(data: Path, releases: tuple[str, ...] = ("first-light", "chamber"), motion: float = 1.0) -> None:
    """Print the table, and its means."""
    print(f"motion {motion:g}")
    print(
        "| phrase | release | pitch | right within 50 cents | level | centroid |\n| --- | --- | --- | --- | --- | --- |"
    )
    sounds = phrases(data)
    for name in releases:
        rows = []
        for number, (phrase, y) in enumerate(sounds.items()):
            pitch, level, centroid, right = agreement(y, play(name, y, motion))
            if number >= _PITCHED:
                pitch = right = np.nan
            rows.append((pitch, right, level, centroid))
            print(f"| {phrase} | {name} | {_cells(rows[-1])} |")
        print(f"| **mean of {len(rows)}** | {name} | {_cells(np.nanmean(rows, axis=0))} |")


def _cells(values: tuple[float, ...] | np.ndarray) -> str:
    pitch, right, level, centroid = values
    pitched = ("–", "–") if np.isnan(pitch) else (f"{pitch:.2f}", f"{100 * right:.0f} %")
    return " | ".join([*pitched, f"{level:.2f}", f"{centroid:.2f}"])
