import numpy as np
import pytest
import soundfile

from aitunes.audio_generation import simple_audio_streams as streams
from aitunes.audio_generation.chords import chord
from aitunes.audio_generation.timbres import instrument_tone
from aitunes.audio_generation.waves import bouncing_wave, sine_wave, sweep
from aitunes.audio_processing.files import AudioFileError
from aitunes.errors import InvalidSoundError

RATE = 8_000


@pytest.mark.parametrize(
    ("write", "name", "y"),
    [
        (
            lambda to: streams.generate_sine_wave(to, RATE, 0.2, [440, 550.5]),
            "sine_wave_440_550.5.wav",
            sine_wave([440, 550.5], 0.2, RATE),
        ),
        (
            lambda to: streams.generate_sine_wave(to, RATE, 0.2, 440, smoothing=False),
            "sine_wave_440.wav",
            sine_wave(440, 0.2, RATE, fade_seconds=0.0),
        ),
        (
            lambda to: streams.generate_sweep(to, RATE, 0.2, 900, 200, amp=0.3),
            "sine_desc_wave_900-200.wav",
            sweep(900, 200, 0.2, RATE, 0.3),
        ),
        (
            lambda to: streams.generate_bouncing_wave(to, RATE, 0.2, (200, 900), 0.1),
            "bouncing_wave_200-900_0.1s.wav",
            bouncing_wave(200, 900, 0.1, 0.2, RATE),
        ),
        (
            lambda to: streams.generate_instrument_sound(to, RATE, 0.2, 261.63),
            "instrument_261.63Hz.wav",
            instrument_tone(261.63, 0.2, sample_rate=RATE),
        ),
        (
            lambda to: streams.generate_chord(to, RATE, 0.2, 220, "dominant seventh", 2),
            "chord_dominant_seventh_220Hz_inversion_2.wav",
            chord(220, "dominant seventh", 0.2, 2, sample_rate=RATE),
        ),
    ],
)
def test_a_file_holds_what_its_name_says(tmp_path, write, name, y):
    path = write(tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / name
    read, rate = soundfile.read(path)
    assert rate == RATE
    assert np.abs(read - y).max() <= 1.0 / 2**15


def test_a_file_is_replaced_only_where_that_is_asked_for(tmp_path):
    path = streams.generate_sine_wave(tmp_path, RATE, 0.1)
    before = path.read_bytes()
    with pytest.raises(AudioFileError, match="there already"):
        streams.generate_sine_wave(tmp_path, RATE, 0.2)
    assert path.read_bytes() == before
    streams.generate_sine_wave(tmp_path, RATE, 0.2, overwrite=True)
    assert path.read_bytes() != before


def test_of_an_impossible_sound_no_file_is_made(tmp_path):
    with pytest.raises(InvalidSoundError, match="happy"):
        streams.generate_chord(tmp_path, name="happy")
    assert not [*tmp_path.iterdir()]
