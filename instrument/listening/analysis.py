"""Turns the samples of an input into what is heard: timbre, pitch and level, every few milliseconds."""

from __future__ import annotations

import math

import numpy as np

from aitunes.audio_processing.levels import FULL_LEVEL_DB
from aitunes.audio_processing.pitch_tracker import PitchTracker
from aitunes.features import FloatArray
from instrument.listening.gate import Gate
from instrument.listening.kernel import condition, powers, transform
from instrument.listening.sample_queue import SampleQueue
from instrument.listening.timbre import TimbreEncoder
from instrument.synthesis.following import FollowSettings, Heard
from instrument.synthesis.release_renderer import Resampler

LOOK_SECONDS = 0.0029
"""Sets how often level and pitch are looked at, about."""
_ENCODE_HOPS = 2
"""Sets how often the encoder is asked, in hops of the release."""
_SETTLED_SECONDS = 0.06
"""Sets how long after its onset a sound counts as settled: encoder and tracker are asked half as often from then on."""
_SHORT_SECONDS, _LONG_SECONDS = 0.006, 0.024
_HIGH_PASS_HZ = 20.0
_MIN_CLARITY = 0.6
_PITCH_PATIENCE_SECONDS = 0.03
"""Sets how long a sound that begins waits for its pitch; noise has none."""
_LEAP_SEMITONES, _LEAP_LOOKS = 4.0, 4
"""A pitch that leaps within a sound, as it seems to at the end of notes, must be seen so many times."""


class Analyser:
    """Analyses an input for one release.

    Args:
        input_rate: of the samples, Hz.
        output_rate: of what is played, Hz.
        timbre: of the release.
    """

    def __init__(self, input_rate: float, output_rate: float, timbre: TimbreEncoder) -> None:
        features = timbre.features
        self.timbre = timbre
        self.heard = Heard(release=timbre.release)
        self.dry = SampleQueue(output_rate)
        self.peak = self.rms = self.clarity = 0.0
        rate = features.sample_rate
        self._to_release, self._to_output = (Resampler(input_rate, other, 1) for other in (rate, output_rate))
        self._pole = 1.0 - 2.0 * math.pi * _HIGH_PASS_HZ / input_rate
        self._filter = np.zeros(2, np.float32)
        self._gain = 0.0
        self._look = max(16, round(LOOK_SECONDS * rate))
        self._encode_looks = max(1, round(_ENCODE_HOPS * features.hop_length / self._look))
        self._short, self._long = round(_SHORT_SECONDS * rate), round(_LONG_SECONDS * rate)
        self.window = np.zeros(max(features.n_fft, self._long), np.float32)
        self._rest = np.zeros(0, np.float32)
        self._gate = Gate(self._look / rate)
        self._tracker = PitchTracker(rate)
        self._looks = self._since_onset = 0
        self._settled = round(_SETTLED_SECONDS * rate / self._look)
        self._waited: float | None = None
        self._leaps = 0
        self._pitched = False
        self._done = {"pitch": 0, "timbre": 0}

    def process(self, y: FloatArray, settings: FollowSettings) -> None:
        """Analyse the next samples [samples], which are changed; what is older than the newest look counts less.

        Raises:
            ReleaseError: the encoder fails.
        """
        before, self._gain = self._gain, 10.0 ** (settings.gain_db / 20.0)
        peak, energy = condition(y, before, self._gain, self._pole, self._filter)
        self.peak, self.rms = max(peak, 0.9 * self.peak), math.sqrt(energy / max(len(y), 1))
        if settings.mix < 1.0:
            self.dry.push(self._to_output.process(y[:, None])[:, 0])
        y = np.concatenate([self._rest, self._to_release.process(y[:, None])[:, 0]])
        count = len(y) // self._look
        for n in range(count):
            # An analysis that is late is left out: of several looks that wait, the newest asks encoder and tracker.
            self._take(y[n * self._look : (n + 1) * self._look], settings, newest=n + 1 == count)
        self._rest = y[count * self._look :]

    def _take(self, y: FloatArray, settings: FollowSettings, newest: bool) -> None:
        short_power, long_power = powers(y, self.window, self._short, self._long)
        self._pitched = self.timbre.pitches is not None and settings.pitch > 0.0
        level_db = 10.0 * math.log10(max(short_power, long_power, 1e-20))
        short_db = 10.0 * math.log10(max(short_power, 1e-20))
        begins = self._gate.feed(short_db, settings.gate_db)
        self._looks += 1
        self._since_onset += 1
        if begins:
            self._since_onset = 0
            self._tracker.begin(ago=self._look)  # the gate opens within the look after the onset
            self._waited = 0.0
        pitch = self._follow_pitch(y, newest)
        coordinates = self._follow_timbre() if newest else self.heard.coordinates
        self._publish(level_db - FULL_LEVEL_DB, pitch, coordinates)

    def _follow_pitch(self, y: FloatArray, newest: bool) -> float:
        """Return the pitch that is heard now, or was heard last."""
        before = self.heard.pitch
        if not newest or not self._gate.is_open or not self._pitched or not self._due("pitch", 1):
            self._tracker.push(y)
            return before
        pitch, self.clarity = self._tracker.look(y)
        if not pitch or self.clarity < _MIN_CLARITY:
            return before
        self._leaps = self._leaps + 1 if abs(pitch - before) > _LEAP_SEMITONES else 0
        if self._waited is None and 0 < self._leaps < _LEAP_LOOKS:
            return before
        self._waited = math.inf if self._waited is not None else None
        return pitch

    def _follow_timbre(self) -> FloatArray | None:
        before = self.heard.coordinates
        if not self._gate.is_open or not self._due("timbre", self._encode_looks):
            return before
        coordinates = self.timbre.coordinates(self.window[-self.timbre.features.n_fft :])
        return before if coordinates is None else coordinates

    def _due(self, what: str, every: int) -> bool:
        """Return whether it is time again, every so many looks, and half as often in a sound that is settled."""
        due = self._looks - self._done[what] >= (2 * every if self.is_settled else every)
        if due:
            self._done[what] = self._looks
        return due

    @property
    def is_settled(self) -> bool:
        """Return whether the sound began some time ago, so that nothing is in a hurry."""
        return self._gate.is_open and self._since_onset >= self._settled

    def _publish(self, level_db: float, pitch: float, coordinates: FloatArray | None) -> None:
        """Replace what is heard; a sound that begins is heard once its pitch is known, or has none."""
        onsets = self.heard.onsets
        if self._waited is not None:
            self._waited += LOOK_SECONDS
            if not self._pitched or self._waited > _PITCH_PATIENCE_SECONDS:
                self._waited = None
                onsets += 1
        was = self.heard.sounding
        sounding = self._gate.is_open and (self._waited is None or was)
        self.heard = Heard(sounding, level_db, pitch, onsets, self.timbre.release, coordinates)


def load_compiled_code() -> None:
    """Compile the code of a look, or load it from numba's cache; the sizes do not matter."""
    window, S = np.ones((1, 64), np.float32), np.zeros((1, 33), np.float32)
    condition(np.zeros(64, np.float32), 0.0, 1.0, 0.99, np.zeros(2, np.float32))
    powers(np.zeros(8, np.float32), window[0].copy(), 16, 32)
    transform(window, window, np.array([1], np.int64), window.copy(), np.zeros((1, 33), np.complex64), S)
    PitchTracker(44_100).look(np.zeros(128, np.float32))
