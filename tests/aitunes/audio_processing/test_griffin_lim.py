"""Streaming phase reconstruction: what it converges to, holds still, repairs, and gives again."""

import importlib

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from aitunes.audio_processing._griffin_lim_kernel import advance
from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.audio_processing.griffin_lim import GriffinLimBank, PhaseError, StreamingGriffinLim
from aitunes.audio_processing.metrics import spectral_convergence
from aitunes.errors import AiTunesError
from aitunes.features import hann_window, stft_magnitudes

SAMPLE_RATE = 44_100


def sine(frequency, samples, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(samples) / SAMPLE_RATE)


def padded_magnitudes(y, n_fft, hop_length):
    """Frames of y with silence before and after, [frames, bins]."""
    y = np.pad(y, (n_fft, n_fft + -len(y) % hop_length))
    return np.ascontiguousarray(stft_magnitudes(y, n_fft, hop_length).T)


def resynthesise(stream, S):
    return np.concatenate([stream.process(S), stream.flush()])[stream.delay :]


def convergence(y, S, n_fft, hop_length):
    return spectral_convergence(stft_magnitudes(y, n_fft, hop_length).T[: len(S)], S)


def held(frame, seconds, stream):
    """Return what a stream makes of one frame held still, without the first second."""
    frames = int((seconds + 1) * SAMPLE_RATE / stream.hop_length)
    return stream.process(np.tile(frame, (frames, 1)))[SAMPLE_RATE:]


def envelope_line_db(y, rate):
    """Size of the envelope's ripple at a rate [Hz], relative to the envelope's mean."""
    spectrum = np.fft.fft(y)
    spectrum[len(y) // 2 :] = 0
    envelope = np.abs(np.fft.ifft(2 * spectrum))[1000:-1000]
    carrier = np.exp(-2j * np.pi * rate * np.arange(len(envelope)) / SAMPLE_RATE)
    window = hann_window(len(envelope))
    line = 2 * np.abs(np.sum(window * (envelope - envelope.mean()) * carrier)) / window.sum()
    return 20 * np.log10(line / envelope.mean() + 1e-12)


@pytest.mark.parametrize("overlap", [2, 4, 8, 16])
@pytest.mark.parametrize("lookahead", [0, 2])
def test_every_frame_is_a_hop_and_flush_gives_the_rest(rng, overlap, lookahead):
    stream = StreamingGriffinLim(240, 240 // overlap, 2, lookahead)
    y = stream.process(rng.uniform(size=(11, stream.bins)).astype(np.float32))
    assert y.shape == (11 * stream.hop_length,)
    assert y.dtype == np.float32
    assert y.any()
    assert stream.delay == lookahead * stream.hop_length
    assert stream.flush().shape == ((lookahead + overlap - 1) * stream.hop_length,)


@settings(deadline=None, max_examples=40)
@given(
    cuts=st.lists(st.integers(0, 24), max_size=6),
    overlap=st.sampled_from([2, 4, 8]),
    iterations=st.integers(0, 3),
    lookahead=st.integers(0, 2),
    seed=st.integers(0, 2**16),
)
def test_block_size_does_not_change_samples(cuts, overlap, iterations, lookahead, seed):
    S = np.random.default_rng(seed).exponential(size=(24, 65)).astype(np.float32)
    whole = StreamingGriffinLim(128, 128 // overlap, iterations, lookahead)
    split = StreamingGriffinLim(128, 128 // overlap, iterations, lookahead)
    blocks = np.split(S, sorted(cuts))
    y = np.concatenate([*(split.process(block) for block in blocks), split.flush()])
    assert np.array_equal(y, np.concatenate([whole.process(S), whole.flush()]))


def test_reset_and_flush_forget_everything(rng):
    S = rng.exponential(size=(30, 129)).astype(np.float32)
    stream = StreamingGriffinLim(256, 32, lookahead=1)
    first = stream.process(S)
    stream.reset()
    second = stream.process(S)
    stream.flush()
    third = stream.process(S)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)


def test_out_receives_the_samples_that_would_be_returned(rng):
    S = rng.exponential(size=(1, 129)).astype(np.float32)
    out = np.empty(32, np.float32)
    result = StreamingGriffinLim(256, 32).process(S, out=out)
    assert result is out
    assert np.array_equal(out, StreamingGriffinLim(256, 32).process(S))


def test_read_only_float64_and_strided_frames_are_taken(rng):
    S = rng.exponential(size=(8, 129)).astype(np.float32)
    expected = StreamingGriffinLim(256, 64).process(S)
    read_only = S.copy()
    read_only.flags.writeable = False
    for frames in (read_only, S.astype(np.float64), np.asfortranarray(S)):
        assert np.array_equal(StreamingGriffinLim(256, 64).process(frames), expected)
    assert len(advance.signatures) == 1, "a second compilation would stop a running stream for seconds"


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "iterations", "lookahead", "min_db"),
    [
        (1024, 512, 8, 0, -15),
        (1024, 256, 8, 0, -25),
        (1024, 256, 8, 1, -27),
        (1024, 128, 0, 0, -15),
        (1024, 128, 2, 0, -28),
        (1024, 128, 16, 0, -40),
        (1024, 64, 4, 0, -40),
        (2048, 256, 16, 1, -40),
    ],
)
def test_a_glide_over_a_chord_comes_back(n_fft, hop_length, iterations, lookahead, min_db):
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    glide = np.sin(2 * np.pi * (300 * t + 200 * t**2))
    S = padded_magnitudes(0.2 * glide + sine(1318.5, len(t)) + sine(3000, len(t)), n_fft, hop_length)
    y = resynthesise(StreamingGriffinLim(n_fft, hop_length, iterations, lookahead), S)
    assert convergence(y, S, n_fft, hop_length) < min_db


def test_output_is_in_step_with_the_frames():
    y = np.zeros(SAMPLE_RATE // 2)
    y[10_000:12_000] = sine(700, 2000)
    S = padded_magnitudes(y, 1024, 128)
    for lookahead in (0, 3):
        stream = StreamingGriffinLim(1024, 128, lookahead=lookahead)
        assert stream.delay == lookahead * 128
        power = resynthesise(stream, S)[1024:] ** 2
        centre = np.sum(np.arange(len(power)) * power) / power.sum()
        assert centre == pytest.approx(11_000, abs=40)


def test_a_new_tone_is_heard_within_half_a_window_and_a_hop():
    n_fft, hop = 1024, 128
    low, high = (stft_magnitudes(sine(f, n_fft), n_fft, hop).T for f in (440.0, 1760.0))
    stream = StreamingGriffinLim(n_fft, hop)
    y = stream.process(np.concatenate([np.tile(low, (300, 1)), np.tile(high, (300, 1))]))
    # The frames change at once; the new tone's share of the power around the change tells when it is heard.
    start = 300 * hop
    t = np.arange(len(y)) / SAMPLE_RATE
    window = hann_window(401)  # about half a period of their difference and more: resolves the two tones
    powers = [np.abs(np.convolve(y * np.exp(-2j * np.pi * f * t), window, "same")) ** 2 for f in (440.0, 1760.0)]
    latency = np.argmax((powers[1] > powers[0])[start - n_fft :]) - n_fft
    assert 0.3 * n_fft < latency <= n_fft // 2 + hop


@pytest.mark.parametrize("lookahead", [0, 2])
def test_a_primed_frame_has_its_level_with_the_first_sample(lookahead):
    (frame,) = stft_magnitudes(sine(440, 1_024), 1_024, 128).T[:1]
    stream = StreamingGriffinLim(1_024, 128, 8, lookahead)
    stream.process(np.ones((20, stream.bins), np.float32))  # whatever it was before
    stream.prime(frame)
    y = stream.process(np.tile(frame, (300, 1)))
    assert np.abs(y[:128]).max() == pytest.approx(np.abs(y[-4_096:]).max(), rel=0.1)
    assert np.abs(np.diff(y[:128], 4)).max() < 1e-3 * np.abs(y).max()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_priming_takes_what_is_no_magnitude_as_silence_and_refuses_another_shape(bad):
    stream = StreamingGriffinLim(256, 64, 2)
    stream.prime(np.full(stream.bins, bad))
    assert not stream.process(np.zeros((8, stream.bins))).any()
    with pytest.raises(PhaseError, match="of shape"):
        stream.prime(np.zeros(stream.bins + 1))


@pytest.mark.parametrize("hop_length", [128, 256])
@pytest.mark.parametrize("iterations", [4, 8, 16])
def test_a_held_440_hz_sheet_is_a_steady_440_hz_tone(hop_length, iterations):
    frame = stft_magnitudes(sine(440.0, 1024), 1024, hop_length)[:, 0]
    y = held(frame, 3, StreamingGriffinLim(1024, hop_length, iterations))
    spectrum = np.abs(np.fft.rfft(y * hann_window(len(y))))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(y) == pytest.approx(440, abs=1.0)
    assert envelope_line_db(y, SAMPLE_RATE / hop_length) < -60
    assert np.sqrt(np.mean(y**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("hop_length", [128, 256])
def test_held_noise_stays_noise(rng, hop_length):
    """Neither a buzz that repeats with every window nor pulses at the hop rate."""
    noise = 0.2 * rng.standard_normal(3 * SAMPLE_RATE)
    frame = stft_magnitudes(noise, 1024, hop_length).mean(axis=1)
    y = held(frame, 2, StreamingGriffinLim(1024, hop_length, 16))
    assert envelope_line_db(y, SAMPLE_RATE / hop_length) < -15
    power = np.abs(np.fft.rfft(y * hann_window(len(y))))[1000:-1000] ** 2
    flatness_db = 10 * np.mean(np.log10(power)) - 10 * np.log10(power.mean())
    assert flatness_db > -4.5  # -2.5 is Gaussian noise; a sound of period 1024 has -15 to -40
    # The mean of a Rayleigh variable is sqrt(π / 4) of its root mean square.
    assert np.std(y) == pytest.approx(np.sqrt(np.pi / 4) * np.std(noise), rel=0.05)


@pytest.mark.parametrize(("n_fft", "hop_length"), [(1024, 128), (1024, 256), (2048, 256)])
@pytest.mark.parametrize("iterations", [1, 4, 24])
def test_a_note_that_changes_at_once_makes_no_click(n_fft, hop_length, iterations):
    """Return what one hop emits goes on where the last one ended: fourth differences show a jump, and hide the note."""

    def note(fundamental):
        t = np.arange(n_fft) / SAMPLE_RATE
        y = sum(np.cos(2 * np.pi * fundamental * n * t) / n for n in range(1, 8))
        return np.abs(np.fft.rfft(y * hann_window(n_fft))).astype(np.float32)

    frames = [(note(262.0), 1.0)] * 60 + [(note(262.0), 0.2)] * 2 + [(note(392.0), 1.0)] * 60
    y = StreamingGriffinLim(n_fft, hop_length, iterations).process(np.array([S * level for S, level in frames]))
    jumps = np.abs(np.diff(y, 4))
    change, steady = jumps[52 * hop_length : 80 * hop_length], jumps[90 * hop_length : 120 * hop_length]
    assert change.max() < 2.0 * steady.max()


def test_a_frame_held_for_hours_neither_grows_nor_fades(rng):
    frame = rng.exponential(size=(1, 33)).astype(np.float32)
    stream = StreamingGriffinLim(64, 8, iterations=2)
    block = np.tile(frame, (2000, 1))
    stream.process(block)
    levels = [float(np.sqrt(np.mean(stream.process(block) ** 2))) for _ in range(100)]
    assert max(levels) < 1.1 * min(levels)


@pytest.mark.parametrize("iterations", [0, 1, 8])
def test_silence_is_silence_and_stays_so_after_a_sound(rng, iterations):
    stream = StreamingGriffinLim(256, 32, iterations)
    silence = np.zeros((40, 129), np.float32)
    assert not stream.process(silence).any()
    assert stream.process(rng.exponential(size=(20, 129)).astype(np.float32)).any()
    stream.process(silence)
    assert not stream.process(silence).any()


def test_magnitudes_too_small_to_hear_are_silence():
    stream = StreamingGriffinLim(256, 32)
    assert not stream.process(np.full((20, 129), 1e-40, np.float32)).any()


@pytest.mark.parametrize("iterations", [0, 1, 8])
def test_a_sound_out_of_silence_arrives_at_its_level(iterations):
    frame = stft_magnitudes(sine(1000.0, 1024), 1024, 128).T
    stream = StreamingGriffinLim(1024, 128, iterations)
    stream.process(np.zeros((50, 513), np.float32))
    y = stream.process(np.tile(frame, (100, 1)))
    assert np.abs(y).max() < 0.65
    assert np.sqrt(np.mean(y[4096:] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1.0, 3e38])
def test_what_is_no_magnitude_counts_as_silence_and_is_counted(rng, bad):
    S = rng.exponential(size=(40, 129)).astype(np.float32)
    repaired = S.copy()
    S[10, 3:6] = bad
    S[11] = bad
    repaired[10, 3:6] = 0
    repaired[11] = 0
    stream = StreamingGriffinLim(256, 32)
    y = stream.process(S)
    assert np.isfinite(y).all()
    assert np.array_equal(y, StreamingGriffinLim(256, 32).process(repaired))
    assert stream.repaired == 3 + 129


def test_loudest_magnitudes_stay_finite(rng):
    S = rng.choice([0.0, 1e-9, 1.0, 1e9], size=(200, 129)).astype(np.float32)
    for iterations in (0, 1, 8):
        assert np.isfinite(StreamingGriffinLim(256, 32, iterations).process(S)).all()


def test_more_iterations_may_come_and_go_without_a_click():
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    S = padded_magnitudes(sine(440, len(t)) * 0.5 + sine(1000, len(t)) * 0.5, 1024, 128)
    stream = StreamingGriffinLim(1024, 128, 8)
    blocks = []
    for n, frame in enumerate(S):
        stream.iterations = (0, 8, 1, 16)[n // 23 % 4]
        blocks.append(stream.process(frame[np.newaxis]))
    y = np.concatenate(blocks)[4096:-4096]
    # A click is a jump in the second difference, far above that of the tones themselves.
    smooth = 0.25 * (2 * np.pi * 440 / SAMPLE_RATE) ** 2 + 0.25 * (2 * np.pi * 1000 / SAMPLE_RATE) ** 2
    assert np.abs(np.diff(y, 2)).max() < 2 * smooth


def test_more_iterations_come_closer():
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    plucks = sum(np.sin(2 * np.pi * 98 * n * t) for n in range(1, 30)) * np.exp(-12 * (t % 0.21))
    S = padded_magnitudes(0.1 * plucks, 1024, 128)
    scores = [convergence(resynthesise(StreamingGriffinLim(1024, 128, k), S), S, 1024, 128) for k in (0, 2, 16)]
    assert scores[0] - 3 > scores[1] > scores[2] + 3


@pytest.mark.data
@pytest.mark.training
@pytest.mark.parametrize(("hop_length", "iterations"), [(128, DEFAULT_ITERATIONS), (256, 24)])
def test_a_causal_stream_is_as_good_as_a_hundred_offline_iterations(shared_data, hop_length, iterations):
    """On the mean of some files here; on all files, each alone, in benchmarks/phase_reconstruction.py."""
    librosa = pytest.importorskip("librosa", reason="pip install aitunes[training]")
    scores = []
    for name in ("gtzan-mini/genres/jazz/jazz.00000.wav", "loops/tabla/tabla_ghe6.flac"):
        y, rate = soundfile.read(shared_data / name, dtype="float32", always_2d=True)
        y = soxr.resample(y[:rate].mean(axis=1), rate, SAMPLE_RATE)
        S = padded_magnitudes(y, 1024, hop_length)
        length = (len(S) - 1) * hop_length + 1024
        offline = librosa.griffinlim(
            S.T, n_iter=100, hop_length=hop_length, n_fft=1024, center=False, length=length, random_state=0
        )
        ours = resynthesise(StreamingGriffinLim(1024, hop_length, iterations), S)
        scores.append([convergence(y, S, 1024, hop_length) for y in (ours, offline)])
    mean_ours, mean_offline = np.mean(scores, axis=0)
    assert mean_ours < mean_offline - 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1023, 341), "n_fft must be even"),
        ((1024, 100), "2nd, 4th, 8th or 16th of n_fft 1024, not 100"),
        ((1024, 0), "hop_length"),
        ((1024, 32), "not 32"),
        ((1024, 256, -1), "iterations must be 0 or more, not -1"),
        ((1024, 256, 4, -2), "lookahead must be 0 frames or more, not -2"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, sentence):
    with pytest.raises(PhaseError, match=sentence):
        StreamingGriffinLim(*arguments)


@pytest.mark.parametrize("shape", [(513,), (2, 512), (513, 2), (1, 2, 513)])
def test_frames_of_another_shape_are_refused_and_change_nothing(rng, shape):
    S = rng.exponential(size=(6, 513)).astype(np.float32)
    stream, untouched = StreamingGriffinLim(1024, 256), StreamingGriffinLim(1024, 256)
    with pytest.raises(AiTunesError, match=r"\[frames, 513\]"):
        stream.process(np.ones(shape, np.float32))
    assert np.array_equal(stream.process(S), untouched.process(S))


@pytest.mark.parametrize(
    "out",
    [
        np.empty(255, np.float32),
        np.empty(256),
        np.empty(512, np.float32)[::2],
        np.empty((256, 1), np.float32),
    ],
)
def test_an_out_that_does_not_fit_is_refused(out):
    with pytest.raises(PhaseError, match="256 writeable"):
        StreamingGriffinLim(1024, 256).process(np.ones((1, 513), np.float32), out=out)


def test_held_noise_of_different_seeds_has_little_in_common_and_of_one_seed_all(rng):
    S = np.repeat(np.abs(rng.normal(size=(1, 513)) + 1j * rng.normal(size=(1, 513))), 400, axis=0)
    first, again, other = (StreamingGriffinLim(1024, 128, 2, seed=seed).process(S)[8_000:] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.4


@pytest.mark.parametrize(("n_fft", "hop_length", "lookahead"), [(256, 32, 0), (256, 64, 1), (240, 30, 0)])
@pytest.mark.parametrize("iterations", [0, 2, 8])
def test_streams_side_by_side_are_those_that_run_alone(rng, n_fft, hop_length, lookahead, iterations):
    """Whichever of them advance, in whatever order; one is primed in between, and one begins again."""
    frames = rng.exponential(size=(30, 1, 3, n_fft // 2 + 1)).astype(np.float32)
    bank = GriffinLimBank(n_fft, hop_length, lookahead, seeds=(4, 5, 6))
    alone = [StreamingGriffinLim(n_fft, hop_length, iterations, lookahead, seed) for seed in (4, 5, 6)]
    for n, S in enumerate(frames):
        if n == 10:
            bank.prime(S[0], 1)
            alone[1].prime(S[0, 1])
        if n == 20:
            bank.reset(2)
            alone[2].reset()
        which = ([0, 1, 2], [2, 0], [1])[n % 3]
        y = np.full((1, 3, hop_length), 7.0, np.float32)
        bank.advance(S, y, np.array(which), iterations)
        for stream in range(3):
            expected = alone[stream].process(S[:, stream]) if stream in which else np.full(hop_length, 7.0)
            assert np.array_equal(y[0, stream], expected)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"S": np.zeros((1, 2, 128), np.float32)}, r"\[1, 2, 129\]"),
        ({"S": np.zeros((1, 2, 129))}, "float32"),
        ({"out": np.zeros((1, 2, 33), np.float32)}, r"\[1, 2, 32\]"),
        ({"which": np.array([0, 2])}, "0 to 1"),
        ({"which": np.array([-1])}, "0 to 1"),
        ({"which": np.array([0.0])}, "int64"),
        ({"iterations": -1}, "0 or more"),
    ],
)
def test_a_bank_refuses_what_compiled_code_would_not_notice(change, sentence):
    arguments = {
        "S": np.zeros((1, 2, 129), np.float32),
        "out": np.zeros((1, 2, 32), np.float32),
        "which": np.array([0, 1]),
        "iterations": 2,
    }
    with pytest.raises(PhaseError, match=sentence):
        GriffinLimBank(256, 32, 0, seeds=(1, 2)).advance(**(arguments | change))


@pytest.mark.parametrize("module", ["_griffin_lim_kernel", "_fourier_kernel", "_phase_propagation", "_projection"])
def test_what_the_cached_entries_call_is_a_part_of_them(module):
    """Or the process that compiles would round differently from those that load the cache: not the same bytes."""
    kernel = importlib.import_module(f"aitunes.audio_processing.{module}")
    own = [value for value in vars(kernel).values() if isinstance(value, Dispatcher)]
    called = [each for each in own if each.py_func.__name__ not in ("advance", "prime", "forget")]
    assert len(called) >= 3
    assert all(each.targetoptions.get("forceinline") for each in called)
