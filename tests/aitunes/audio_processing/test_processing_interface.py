import subprocess
import sys

import numpy as np
import pytest
import soundfile

pytest.importorskip("librosa", reason="pip install aitunes[training]")

from aitunes.audio_processing import AudioProcessingInterface, playback
from aitunes.audio_processing.files import AudioFileError, AudioFileWarning
from aitunes.audio_processing.processing_interface import ProcessingError
from aitunes.audio_processing.spectrograms import SpectrogramError
from aitunes.audio_processing.windows import WindowError
from aitunes.errors import AiTunesError

pytestmark = pytest.mark.training

RATE = 22_050


def sound(seconds=1.0, label="tone", hz=440.0):
    y = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)
    return AudioProcessingInterface.create_for("tone.wav", "wave", data=y, sample_rate=RATE, label=label)


def test_a_file_gives_its_samples_duration_path_and_label(tmp_path):
    path = tmp_path / "two.wav"
    soundfile.write(path, np.stack([np.full(800, 0.5), np.full(800, 0.25)], axis=1), 8_000)
    tone = AudioProcessingInterface.create_for(path)
    y, rate = tone.get_data()
    assert (rate, y.dtype, tone.duration, tone.get_path(), tone.get_label()) == (
        8_000,
        np.float32,
        0.1,
        str(path),
        "two.wav",
    )
    assert np.allclose(y, 0.375, atol=1e-3)


@pytest.mark.parametrize("name", ["sample_rate", "sr"])
def test_a_file_is_resampled_where_a_rate_is_given(tmp_path, name):
    sound(1.0).save_to(tmp_path)
    tone = AudioProcessingInterface.create_for(tmp_path / "tone.wav", "file", **{name: 16_000})
    assert tone.get_data()[1] == 16_000
    assert tone.duration == pytest.approx(1.0, abs=1e-3)


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "gtzan-mini/genres/jazz/jazz.00000.wav",
        "fma-mini/900/900004.mp3",
        "notes/piano/piano_029_F1.ogg",
        "loops/ambi/ambi_choir.flac",
    ],
)
def test_real_files_go_through_the_whole_chain(shared_data, tmp_path, name):
    tone = AudioProcessingInterface.create_for(shared_data / name, sample_rate=RATE)
    part = tone.extract_window(0.5, "bounded", 1.0, "part").preprocess(lambda y: y / np.abs(y).max())
    again = part.reconstruct_from_mel().save_to(tmp_path)
    read, rate = soundfile.read(tmp_path / "part_from_mel.wav")
    assert rate == RATE
    assert read.size == part.get_data()[0].size == round(0.5 * RATE)
    assert np.abs(read - np.clip(again.get_data()[0], -1, 1)).max() < 1e-6
    wanted, got = part.log_mel_spectrogram(), again.log_mel_spectrogram()
    heard = wanted > wanted.max() - 40.0
    assert np.abs(wanted - got)[heard].mean() < 2.5


@pytest.mark.data
def test_a_cut_real_file_is_read_as_far_as_it_goes_with_a_warning_that_names_it(shared_data, tmp_path):
    data = (shared_data / "fma-mini/900/900001.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(data[: len(data) // 2])
    with pytest.warns(AudioFileWarning, match=r"cut\.mp3"):
        cut = AudioProcessingInterface.create_for(tmp_path / "cut.mp3")
    assert 13.0 < cut.duration < 17.0  # of 30 s


@pytest.mark.data
def test_a_file_that_is_no_audio_is_an_error_that_names_it(tmp_path):
    (tmp_path / "noise.mp3").write_bytes(np.random.default_rng(3).bytes(30_000))
    with pytest.raises(AiTunesError, match=r"noise\.mp3"):
        AudioProcessingInterface.create_for(tmp_path / "noise.mp3")


@pytest.mark.parametrize("mode", ["spec", "log_spec", "mel", "log_mel", "mfccs"])
def test_every_mode_takes_what_its_method_gives(mode):
    tone = sound()
    make = {"spec": "spectrogram", "log_spec": "log_spectrogram", "mel": "mel_spectrogram"}
    make |= {"log_mel": "log_mel_spectrogram", "mfccs": "mfcc"}
    data = getattr(tone, make[mode])()
    again = AudioProcessingInterface.create_for("x", mode, data=data, sample_rate=RATE, length=RATE, label="again")
    assert again.duration == 1.0
    assert again.get_label() == "again"
    spectrum = np.abs(np.fft.rfft(again.get_data()[0] * np.hanning(RATE)))
    assert spectrum.argmax() == pytest.approx(440, abs=20 if mode != "mfccs" else 400)


def test_settings_say_how_a_spectrogram_is_made():
    tone = sound()
    assert tone.spectrogram().shape == (1025, 44)
    assert tone.log_spectrogram(n_fft=512, hop_length=128).shape == (257, 173)
    assert tone.mel_spectrogram().shape == (128, 44)
    assert tone.log_mel_spectrogram(32, hop_length=1024).shape == (32, 22)
    assert tone.mfcc(n_mels=64, n_features=13).shape == (13, 44)
    low = tone.mel_spectrogram(16, f_min=2_000.0).max()
    assert low < 0.01 * tone.mel_spectrogram(16).max()


def test_a_copy_lives_its_own_life():
    tone = sound()
    before = tone.get_data()[0].copy()
    twin = tone.copy("twin").preprocess(lambda y: 0 * y)
    assert np.array_equal(tone.get_data()[0], before)
    assert (tone.get_label(), twin.get_label()) == ("tone", "twin")
    assert twin.get_path() == tone.get_path()


def test_calls_chain():
    tone = sound()
    assert tone.preprocess(lambda y: y).set_label("b").reset() is tone
    assert tone.get_label() == "b"
    assert tone.copy() is not tone


def test_preprocessing_goes_in_order_and_reset_undoes_it():
    tone = sound()
    before = tone.get_data()[0].copy()
    tone.preprocess(lambda y: y + 1, lambda y: y * 2).preprocess(lambda y: y[:100])
    assert np.allclose(tone.get_data()[0], (before[:100] + 1) * 2)
    assert tone.duration == 100 / RATE
    assert np.array_equal(tone.reset().get_data()[0], before)


def test_a_step_that_writes_into_its_argument_harms_nothing():
    def silence(y):
        y[:] = 0
        return y

    tone = sound()
    before = tone.get_data()[0].copy()
    assert not tone.preprocess(silence).get_data()[0].any()
    assert np.array_equal(tone.reset().get_data()[0], before)


def test_of_steps_of_which_one_fails_none_is_taken():
    tone = sound()
    before = tone.get_data()[0].copy()

    def lose(y):
        return y[:0]

    with pytest.raises(SpectrogramError, match="What lose returned"):
        tone.preprocess(lambda y: 2 * y, lose)
    assert np.array_equal(tone.get_data()[0], before)


@pytest.mark.parametrize(("method", "first"), [("start", 0), ("end", 16_538), ("bounded", 11_025)])
def test_a_window_holds_the_part_and_says_which(method, first):
    tone = sound()
    part = tone.extract_window(0.25, method, start=0.5)
    y = tone.get_data()[0]
    assert np.array_equal(part.get_data()[0], y[first : first + 5_512])
    assert part.get_label() == f"tone ({first / RATE:.2f} to {(first + 5_512) / RATE:.2f} s)"
    assert part.preprocess(np.zeros_like).reset().duration == part.duration
    assert tone.get_data()[0].any()


def test_a_random_window_is_the_same_from_the_same_generator():
    tone = sound()
    labels = [tone.extract_window(0.1, rng=np.random.default_rng(seed)).get_label() for seed in (4, 4, 5)]
    assert labels[0] == labels[1] != labels[2]


@pytest.mark.parametrize("how", ["reconstruct_from_mel", "reconstruct_from_mfcc"])
@pytest.mark.parametrize("seconds", [0.01, 0.5])
def test_a_reconstruction_is_as_long_and_says_what_it_is(how, seconds):
    tone = sound(seconds)
    again = getattr(tone, how)()
    assert again.duration == tone.duration
    assert again.get_label() == {"reconstruct_from_mel": "tone (from mel)"}.get(how, "tone (from MFCC)")


def test_saving_never_replaces_a_file_unasked(tmp_path):
    tone = sound()
    path = tmp_path / "tone.flac"
    tone.save(path)
    with pytest.raises(AudioFileError, match="there already"):
        tone.save(path)
    read = AudioProcessingInterface.create_for(path)
    with pytest.raises(AudioFileError, match="there already"):
        read.save()
    read.preprocess(lambda y: 0.5 * y).save(overwrite=True)
    assert np.abs(soundfile.read(path)[0]).max() == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize(
    ("label", "name"),
    [("tone", "tone.wav"), ("../../etc/x", "etc_x.wav"), ("tone.wav (0.00 to 1.00 s)", "tone_0.00_to_1.00_s.wav")],
)
def test_a_label_becomes_a_files_name_within_the_folder(tmp_path, label, name):
    folder = tmp_path / "new"
    sound(0.1, label).save_to(folder)
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_label_without_letters_still_has_a_name(tmp_path):
    sound(0.1, "…/").save_to(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sound.wav"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"mode": "waves"}, "one of file, wave, spec"),
        ({"mode": "file", "data": np.ones(3)}, "takes no data"),
        ({"mode": "wave", "data": np.ones(3)}, "needs data and sample_rate"),
        ({"mode": "mel", "sample_rate": RATE}, "needs data and sample_rate"),
        ({"mode": "file", "n_fft": 512}, "no setting n_fft"),
        ({"mode": "wave", "data": np.ones(3), "sample_rate": 22_050.5}, "whole number of Hz"),
        ({"mode": "wave", "data": np.ones((2, 3)), "sample_rate": RATE}, "1 axis"),
        ({"mode": "wave", "data": np.zeros(0), "sample_rate": RATE}, "1 axis"),
        ({"mode": "wave", "data": [np.nan], "sample_rate": RATE}, "no numbers"),
        ({"mode": "spec", "data": np.ones((1025, 3)), "sample_rate": RATE, "n_ftt": 1}, "no setting n_ftt"),
    ],
)
def test_what_makes_no_sound_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(AiTunesError, match=sentence):
        AudioProcessingInterface.create_for("x", **arguments)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda tone: tone.extract_window(1.5),
            ProcessingError,
            r"tone lasts 1\.000 s, too short for a window of 1\.5 s",
        ),
        (lambda tone: tone.extract_window(float("nan")), ProcessingError, "must be seconds"),
        (lambda tone: tone.extract_window(0.0), WindowError, "1 to 22050 samples"),
        (lambda tone: tone.extract_window(0.5, "middle"), WindowError, "start, end, random, bounded"),
        (lambda tone: tone.play(speed=0.0), ProcessingError, "above 0"),
        (lambda tone: tone.get_plot_for(["wave", "mel"], title=["one"]), ProcessingError, "as many axes and titles"),
    ],
)
def test_impossible_calls_are_refused_in_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call(sound())


def test_without_a_path_save_asks_for_one():
    with pytest.raises(ProcessingError, match="needs a path"):
        AudioProcessingInterface(np.ones(9), RATE).save()


def test_playing_hands_the_device_the_sound_at_its_speed(monkeypatch):
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    played = []
    monkeypatch.setattr(sounddevice, "play", lambda y, rate, blocking: played.append((y.size, rate, blocking)))
    tone = sound()
    assert tone.play(speed=2.0, wait=True) is tone
    assert played == [(RATE, 2 * RATE, True)]


def test_without_a_device_playing_says_what_to_do(monkeypatch):
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)

    def refuse(*args, **kwargs):
        raise sounddevice.PortAudioError("Error querying device -1")

    monkeypatch.setattr(sounddevice, "play", refuse)
    with pytest.raises(playback.PlaybackError, match=r"No sound device plays this.*Save the sound to a file"):
        sound().play()


def test_without_portaudio_playing_says_what_to_do(monkeypatch):
    class Missing:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])
    with pytest.raises(playback.PlaybackError, match=r"PortAudio library not found.*to a file"):
        sound().play()


@pytest.mark.parametrize(
    ("module", "others"),
    [("aitunes.audio_processing", ["numpy", "scipy"]), ("aitunes.audio_processing.griffin_lim", [])],
)
def test_importing_the_package_loads_nothing_heavy(module, others):
    # numba looks at scipy itself, where it is installed.
    heavy = {"librosa", "matplotlib", "soundfile", "sounddevice", "torch", *others}
    code = f"import sys, {module}; print(sorted({heavy} & {{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=280, check=True)
    assert done.stdout == "[]\n"


def test_the_package_knows_no_other_names():
    import aitunes.audio_processing

    with pytest.raises(AttributeError, match="has no attribute 'AudioProcessing'"):
        _ = aitunes.audio_processing.AudioProcessing
