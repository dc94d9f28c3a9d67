"""Renders the sound of the README: `python -m docs.listen` plays examples/chamber.txt into docs/listen.ogg."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

SCORE = Path(__file__).parents[1] / "examples" / "chamber.txt"
SOUND = Path(__file__).with_name("listen.ogg")
SAMPLE_RATE = 48_000  # Opus has no 44.1 kHz
BLOCK = 4_800


def main() -> None:
    """Render with the instrument's own command and encode as Ogg Opus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=SOUND, help="the file to write")
    to = parser.parse_args().to
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "listen.wav"
        command = ["render", str(SCORE), "--release", "chamber", "--sample-rate", str(SAMPLE_RATE), "-o", str(wav)]
        subprocess.run([sys.executable, "-m", "instrument", *command], check=True)
        with soundfile.SoundFile(to, "w", SAMPLE_RATE, 2, format="OGG", subtype="OPUS") as ogg:
            for y in soundfile.blocks(wav, BLOCK, dtype="float32", always_2d=True):
                ogg.write(y)
    print(f"{to} is written.")


if __name__ == "__main__":
    main()
