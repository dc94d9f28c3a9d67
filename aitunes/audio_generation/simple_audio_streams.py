"""Writes this package's sounds as files, one function a kind of sound.

The names of the files tell what is in them. Every function returns the path, and refuses to replace a file unless
`overwrite` is set. WAV, mono, 16 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aitunes.audio_generation.chords import chord
from aitunes.audio_generation.dataset import generate_dataset_of_simple_instruments
from aitunes.audio_generation.timbres import instrument_tone
from aitunes.audio_generation.waves import AMPLITUDE, FADE_SECONDS, FloatArray, bouncing_wave, sine_wave, sweep
from aitunes.audio_processing.files import write_audio

__all__ = [
    "generate_bouncing_wave",
    "generate_chord",
    "generate_dataset_of_simple_instruments",
    "generate_instrument_sound",
    "generate_sine_wave",
    "generate_sweep",
]

SAMPLE_RATE = 22_050
DURATION_SECONDS = 5.0


def generate_sine_wave(
    to: str | Path,
    sample_rate: int = SAMPLE_RATE,
    duration: float = DURATION_SECONDS,
    hz: float | Sequence[float] = 440.0,
    amp: float = AMPLITUDE,
    smoothing: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write a mix of sine waves, as `waves.sine_wave` makes it.

    Args:
        to: folder.
        duration: seconds.
        hz: one frequency or several, Hz.
        amp: bound of the sum, 0..1.
        smoothing: fade both ends; without it they click.
    """
    y = sine_wave(hz, duration, sample_rate, amp, FADE_SECONDS if smoothing else 0.0)
    frequencies = [hz] if isinstance(hz, int | float) else hz
    return _write(to, f"sine_wave_{'_'.join(f'{value:g}' for value in frequencies)}", y, sample_rate, overwrite)


def generate_sweep(
    to: str | Path,
    sample_rate: int = SAMPLE_RATE,
    duration: float = DURATION_SECONDS,
    hz_start: float = 100.0,
    hz_end: float = 1000.0,
    amp: float = AMPLITUDE,
    overwrite: bool = False,
) -> Path:
    """Write a sine sweep, as `waves.sweep` makes it: ascending, or descending where `hz_end` is the lower."""
    y = sweep(hz_start, hz_end, duration, sample_rate, amp)
    direction = "asc" if hz_end >= hz_start else "desc"
    return _write(to, f"sine_{direction}_wave_{hz_start:g}-{hz_end:g}", y, sample_rate, overwrite)


def generate_bouncing_wave(
    to: str | Path,
    sample_rate: int = SAMPLE_RATE,
    duration: float = DURATION_SECONDS,
    hz_range: tuple[float, float] = (200.0, 800.0),
    period: float = 1.0,
    amp: float = AMPLITUDE,
    overwrite: bool = False,
) -> Path:
    """Write a frequency-modulated sine, as `waves.bouncing_wave` makes it; `period` is a whole swing, seconds."""
    low, high = hz_range
    y = bouncing_wave(low, high, period, duration, sample_rate, amp)
    return _write(to, f"bouncing_wave_{low:g}-{high:g}_{period:g}s", y, sample_rate, overwrite)


def generate_instrument_sound(
    to: str | Path,
    sample_rate: int = SAMPLE_RATE,
    duration: float = DURATION_SECONDS,
    frequency: float = 261.63,
    brightness: float = 0.5,
    overwrite: bool = False,
) -> Path:
    """Write a held harmonic tone, as `timbres.instrument_tone` makes it."""
    y = instrument_tone(frequency, duration, brightness, sample_rate=sample_rate)
    return _write(to, f"instrument_{frequency:g}Hz", y, sample_rate, overwrite)


def generate_chord(
    to: str | Path,
    sample_rate: int = SAMPLE_RATE,
    duration: float = DURATION_SECONDS,
    root_hz: float = 261.63,
    name: str = "major",
    inversion: int = 0,
    overwrite: bool = False,
) -> Path:
    """Write a chord, as `chords.chord` makes it: its name is one of `chords.CHORDS`."""
    y = chord(root_hz, name, duration, inversion, sample_rate=sample_rate)
    file_name = f"chord_{name.replace(' ', '_')}_{root_hz:g}Hz_inversion_{inversion}"
    return _write(to, file_name, y, sample_rate, overwrite)


def _write(to: str | Path, name: str, y: FloatArray, sample_rate: int, overwrite: bool) -> Path:
    return write_audio(Path(to) / f"{name}.wav", y, sample_rate, "PCM_16", overwrite)
