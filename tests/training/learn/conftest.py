"""Folders of sounds for `learn`: small, synthetic, seeded."""

import numpy as np
import pytest

RATE = 22_050


@pytest.fixture
def sounds(tmp_path):
    """`sounds.noise("a.wav")`, `sounds.note("b.wav", 60)`, `sounds.write("c.wav", y)` in `sounds.folder`."""
    soundfile = pytest.importorskip("soundfile")

    class Sounds:
        folder = tmp_path / "my sounds"

        def write(self, name, y, rate=RATE, **form):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, y, rate, **form)
            return path

        def noise(self, name, seconds=1.0, level=0.1, seed=0):
            y = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
            return self.write(name, level * y)

        def note(self, name, midi, seconds=0.6, level=0.3):
            t = np.arange(round(seconds * RATE)) / RATE
            hz = 440.0 * 2.0 ** ((midi - 69) / 12)
            y = sum(np.sin(2 * np.pi * hz * n * t) / n for n in range(1, 6) if n * hz < 0.45 * RATE)
            return self.write(name, level * y * np.exp(-2.0 * t))

    made = Sounds()
    made.folder.mkdir()
    return made


class Heard:
    """A report that keeps what it is told."""

    def __init__(self):
        self.said, self.versions, self.shares, self.facts = [], [], [], None

    @property
    def text(self):
        return "\n".join(self.said)

    def say(self, sentence):
        self.said.append(sentence)

    def progress(self, stage, share, seconds_left):
        self.shares.append(share)

    def version(self, version):
        self.versions.append(version)

    def done(self, facts):
        self.facts = facts

    def close(self):
        pass


@pytest.fixture
def heard():
    return Heard()
