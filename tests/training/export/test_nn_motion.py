"""Moves what `model.ts` decodes as the instrument does, and as a patch for nn~ expects."""

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.audio_processing.files import read_audio  # noqa: E402
from aitunes.audio_processing.fluctuation import fluctuate, noise_bands  # noqa: E402
from aitunes.audio_processing.griffin_lim import StreamingGriffinLim  # noqa: E402
from aitunes.features import AudioFeatures, stft_magnitudes  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402
from aitunes.motion.choice import NoteMotions  # noqa: E402
from aitunes.motion.velocity_timbre import VelocityTimbre  # noqa: E402
from aitunes.pitch import midi_to_hz  # noqa: E402
from aitunes.release.motion import MOTION, NOISE_BANDS, read_motion  # noqa: E402
from aitunes.release.reader import TORCHSCRIPT, read_release  # noqa: E402
from instrument.scores.render import RenderOptions, render_score  # noqa: E402
from instrument.storage.library import Library  # noqa: E402
from instrument.synthesis.motion import MotionMode, MotionSettings, NotePlayer  # noqa: E402
from instrument.synthesis.texture_motion import TextureMotion  # noqa: E402
from instrument.synthesis.transport import Transport  # noqa: E402
from training.export.motion import add_motion, motion_of_tracks  # noqa: E402
from training.export.nn_noise import NnNoise  # noqa: E402
from training.export.renew import renewed  # noqa: E402
from training.export.torchscript import load_torchscript  # noqa: E402

from .nn_host import Host  # noqa: E402
from .test_nn_module import VERSIONS, release, run  # noqa: E402

pytestmark = pytest.mark.training

CHAMBER = Path(__file__).parents[3] / "instrument" / "releases" / "chamber"
HOP, PITCH = 256, 12  # of Chamber, and its inlet
SETTINGS = ["motion", "motion_speed", "motion_mode", "motion_seed", "motion_drone"]


@pytest.fixture(scope="module")
def chamber():
    """The release of notes that comes with AiTunes."""
    return read_release(CHAMBER)


@pytest.fixture(scope="module")
def moving(chamber, tmp_path_factory):
    """A model.ts of Chamber with its motion, as it is written today."""
    path = tmp_path_factory.mktemp("chamber") / "model.ts"
    path.write_bytes(renewed(chamber.card, (CHAMBER / TORCHSCRIPT).read_bytes(), read_motion(CHAMBER, chamber.card)))
    return path


@pytest.fixture(scope="module")
def textures(tmp_path_factory):
    """A path of a model.ts of three coordinates, its card, and the motion in it: three tracks of four seconds."""
    torch.manual_seed(4)
    features = AudioFeatures(n_fft=512, hop_length=128, n_mels=40)
    card, contents = release(VariationalAutoencoder((40, 1), 3, (16,)).eval(), features)
    walk = np.random.default_rng(6).standard_normal((3, 1400, 3)).cumsum(axis=1).astype(np.float32) * 0.05
    level = [3.0 * np.sin(np.arange(1400) / 90.0 + n) for n in range(3)]
    motion = motion_of_tracks(list(walk), features.frame_rate, level)
    path = tmp_path_factory.mktemp("textures") / "model.ts"
    path.write_bytes(renewed(card, contents, motion))
    return path, card, motion


def host(path, **options):
    """A host that plays `decode` of a file, with motion 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = Host(path, **options)
    made.set("motion", "1")
    return made


def notes(hops, keys, batch=1, dim=12):
    """Signals for Chamber's inlets, [batch, 14, hops * hop]: `keys` are (first hop, end, pitch)."""
    y = np.zeros((batch, dim + 2, hops), np.float32)
    y[:, :dim] = np.random.default_rng(2).uniform(-1.0, 1.0, (batch, dim, 1))
    for first, end, pitch in keys:
        y[:, PITCH, first:end] = pitch
    return np.repeat(y, HOP, axis=2)


KEYS = [(2, 30, 60.0), (34, 60, 67.0)]


def wandering(hops, batch=1):
    """Signals for three coordinates that stay, then leap, [batch, 3, hops * hop]."""
    y = np.random.default_rng(8).uniform(-1.0, 1.0, (batch, 3, 2))
    return np.repeat(np.repeat(y, -(-hops // 2), axis=2)[..., :hops], 128, axis=2).astype(np.float32)


@pytest.mark.parametrize("version", VERSIONS)
def test_settings_of_motion_are_clamped_and_never_end_the_host(version, moving):
    player = host(moving, buffer=512, version=version)
    assert [name for name in player.module.get_attributes() if name.startswith("motion")] == SETTINGS
    for name, sent in {
        "motion": ("7", "-1", "nan", "1"),
        "motion_speed": ("9", "-9", "0.5"),
        "motion_mode": ("loop", "nonsense", "2.000000", "9", "-3", "wander"),
        "motion_seed": ("-1", "1e12", "5"),
        "motion_drone": ("0", "1"),
    }.items():
        for word in sent:
            player.set(name, word)
    assert player.messages == []
    assert [player.get(name)[0] for name in SETTINGS] == [1.0, 0.5, "wander", 5, True]


@pytest.mark.parametrize(("sent", "kept"), [("loop", "loop"), (" once ", "once"), ("0.000000", "loop"), (2, "once")])
def test_a_mode_is_a_name_or_a_number(sent, kept, moving):
    module = load_torchscript(moving.read_bytes())
    assert module.set_motion_mode(sent) == 0
    assert module.get_motion_mode() == (kept,)
    assert module.set_motion_mode("waltz") == 0
    assert module.get_motion_mode() == (kept,)


def test_a_patch_that_asks_for_no_motion_sounds_as_it_did(chamber, tmp_path, moving):
    still = tmp_path / "still.ts"
    still.write_bytes(renewed(chamber.card, moving.read_bytes(), None))
    hosts = [host(still, buffer=512), host(moving, buffer=512)]
    assert [name for name in hosts[0].module.get_attributes() if name.startswith("motion")] == []
    hosts[1].set("motion", "0")
    y = notes(40, KEYS)
    assert np.array_equal(run(hosts[0], y), run(hosts[1], y))


def test_any_split_into_buffers_moves_the_same_samples(textures, moving):
    for path, y in ((moving, notes(64, KEYS)), (textures[0], wandering(640))):
        whole, *others = (run(host(path, buffer=buffer), y) for buffer in (4096, 0, 512))
        assert np.abs(whole).max() > 1e-3
        assert np.array_equal(whole, others[0])
        assert np.array_equal(whole, others[1])


def test_the_same_seed_moves_the_same_and_another_one_not(textures, moving):
    for path, y in ((moving, notes(64, KEYS)), (textures[0], wandering(2560))):
        player = host(path, buffer=1024)
        first = run(player, y)
        player.set("reset", "1")
        assert np.array_equal(run(player, y), first)
        for seed, same in (("3", False), ("0", True)):
            player.set("motion_seed", seed)
            player.set("reset", "1")
            assert np.array_equal(run(player, y), first) is same


def test_each_signal_of_a_batch_has_notes_of_its_own(textures, moving):
    y = notes(32, [], batch=17)
    y[0::2, PITCH, 4 * HOP : 24 * HOP] = 60.0
    y[1::2, PITCH, 8 * HOP :] = 48.0
    together, alone = (host(moving, buffer=512, batch=batch) for batch in (17, 1))
    for player in (together, alone):
        player.set("iterations", "0")  # refinement blows up what differs in the last bit
    heard, single = run(together, y), run(alone, y[:1])
    assert together.messages == []
    assert np.abs(heard[0] - single[0]).max() < 1e-3 * np.abs(single).max()
    assert [bool(row[0, 4 * HOP : 6 * HOP].any()) for row in heard] == [n % 2 == 0 and n < 16 for n in range(17)]
    moved = run(host(textures[0], buffer=512, batch=16), wandering(32, 16))
    assert np.abs(moved).max(axis=(1, 2)).min() > 1e-4


def test_the_instrument_chooses_the_same_recording(chamber, moving):
    motion = read_motion(CHAMBER, chamber.card)
    motions, timbre = NoteMotions(motion), VelocityTimbre(motion)
    choice = load_torchscript(moving.read_bytes()).movement.choice
    rng = np.random.default_rng(0)
    for _ in range(60):
        z = chamber.card.latent.codes(rng.normal(size=(1, 12)))[0].astype(np.float32)
        pitch, velocity = float(rng.uniform(30.0, 90.0)), float(rng.uniform())
        expected = motions.choose(z, pitch, velocity)
        index, stretch, correction = choice.choose(torch.from_numpy(z), pitch, velocity)
        assert index == expected.index
        assert (stretch, correction) == pytest.approx((expected.stretch, expected.correction_db), abs=1e-4)
        shift, level_db = choice.timbre(index, velocity)
        dynamic = timbre.at(index, velocity)
        assert np.abs(shift.numpy() - dynamic.shift).max() < 1e-4
        assert level_db == pytest.approx(dynamic.level_db, abs=1e-4)


@pytest.mark.parametrize(("place", "speed"), [(0, 1.0), (1, -0.5), (2, 2.0), (3, 1.0), (4, -2.0)])
def test_a_note_moves_as_the_instruments_does(chamber, place, speed, moving):
    motions = NoteMotions(read_motion(CHAMBER, chamber.card))
    movement = load_torchscript(moving.read_bytes()).movement
    rng = np.random.default_rng(place)
    z = chamber.card.latent.codes(rng.normal(size=(1, 12)))[0].astype(np.float32)
    choice = motions.choose(z, 55.0, 1.0)
    player = NotePlayer(motions, choice, rng)
    step = movement.recorded.scale[choice.index].numpy()  # codes are kept as whole numbers of 8 bits
    level, zero = -120.0, torch.zeros(1, 1)
    for hop in range(400):
        held = hop < 330
        expected = player.advance(HOP / 44_100, held, MotionSettings(speed=speed, mode=MotionMode.LOOP))
        level = max(expected.level_db, -120.0, level - 2.5)
        pitch = torch.full((1, 1), 55.0 if held else 0.0)
        moved, pitch, _, _, gain, _ = movement.move(torch.from_numpy(z[None]), pitch, zero, 1.0, speed, 0, False)
        if float(gain) < 1e-4:
            break
        envelope = max(0, hop - 329) * -60.0 * HOP / 44_100 / 0.3
        assert 20.0 * np.log10(float(gain)) == pytest.approx(level + envelope, abs=0.01)
        assert float(pitch) - 55.0 == pytest.approx(0.01 * expected.cents, abs=1e-3)
        offset = moved[0].numpy() - z - movement.shift[0].numpy()
        assert (np.abs(offset - expected.offset) < 1.5 * step + 1e-4).all()
    assert hop > 330


def test_a_texture_moves_as_the_instruments_does(textures):
    path, card, motion = textures
    movement = load_torchscript(path.read_bytes()).movement
    texture = TextureMotion(motion, card.latent)
    settings, hop = MotionSettings(mode=MotionMode.LOOP), 128 / 44_100
    z, zero = card.latent.codes(np.array([[0.2, -0.4, 0.6]]))[0].astype(np.float32), torch.zeros(1, 1)
    furthest = 0.0
    for _ in range(2_500):
        expected, level_db = texture.advance(z, hop, settings, Transport())
        moved, _, _, _, gain, _ = movement.move(torch.from_numpy(z[None]), zero, zero, 1.0, 1.0, 0, False)
        assert np.abs(moved[0].numpy() - expected).max() < 2e-3
        assert 20.0 * np.log10(float(gain)) == pytest.approx(level_db, abs=0.02)
        furthest = max(furthest, float(np.abs(expected - z).max()))
    assert furthest > 0.05


@pytest.mark.parametrize(("key", "x"), [(60, 0.5), (45, -1.0)])
def test_a_note_sounds_as_aitunes_render_plays_it(chamber, tmp_path, key, x, moving):
    score = [
        "0 /aitunes/motion/mode loop",
        "0 /aitunes/smoothing 0",
        f"0 /aitunes/latent/0 {x}",
        "0 /aitunes/drone F",
        f"0.5 /aitunes/note {key} 127",
        f"1.5 /aitunes/note {key} 0",
    ]
    options = RenderOptions("chamber", 2.5, depth="float", iterations=4)
    render_score("\n".join(score), tmp_path / "a.wav", Library([CHAMBER.parent]), options)
    expected = read_audio(tmp_path / "a.wav")[0][: 420 * HOP]
    controls = np.repeat(notes(420, [(86, 258, key)])[:, :, ::HOP], HOP, axis=2)
    controls[:, :12] = 0.0
    controls[:, 0] = x
    player = host(moving, buffer=1024)
    player.set("motion_mode", "loop")
    y = run(player, controls)[0, 0]
    levels, bands = [], []
    for sound in (y, expected):
        power = stft_magnitudes(sound, 2048, HOP) ** 2
        power = power if power.shape[1] == 1025 else power.T
        bands.append(10.0 * np.log10(power[95:255, :1024].reshape(160, 64, 16).mean(axis=(0, 2)) + 1e-6))
        levels.append(10.0 * np.log10(power.sum(axis=1) + 1e-3))
    assert np.sqrt(((bands[0] - bands[1]) ** 2).mean()) < 1.0
    contour = np.convolve(levels[0] - levels[1], np.full(8, 1 / 8), "valid")
    assert np.abs(contour[95:255]).max() < 3.0
    begins = [int(np.argmax(np.abs(sound) > 0.1 * np.abs(sound).max())) for sound in (y, expected)]
    assert abs(begins[0] - begins[1]) < HOP


def test_a_note_begins_and_ends_with_its_pitch(moving):
    y = notes(256, [(8, 100, 60.0)])
    y[0, PITCH, 110 * HOP : 112 * HOP] = np.nan
    heard = run(host(moving, buffer=256), y)[0, 0]
    assert not heard[: 8 * HOP].any()
    assert np.abs(heard[8 * HOP : 10 * HOP]).max() > 1e-3
    assert np.abs(heard[102 * HOP : 108 * HOP]).max() > 1e-4
    assert np.isfinite(heard).all()
    assert not heard[-64 * HOP :].any()


def test_a_pitch_that_glides_stays_one_note_and_a_gap_or_a_leap_begins_another(moving):
    movement = load_torchscript(moving.read_bytes()).movement
    z, zero = torch.zeros(1, 12), torch.zeros(1, 1)
    pitches = [60.0, 60.8, 60.0, 59.2, 59.2, 0.0, 0.0, 59.2, 60.2, 60.3, 0.0, 60.3]
    begins = []
    for pitch in pitches:
        *_, gain, struck = movement.move(z, torch.full((1, 1), pitch), zero, 1.0, 1.0, 1, False)
        begins.append(bool(struck))
        assert float(gain) > 0.0
    assert [n for n, begun in enumerate(begins) if begun] == [0, 7, 8, 11]


def test_a_drone_keeps_its_level_where_a_note_decays(moving):
    y = notes(800, [(0, 800, 60.0)])
    levels = []
    for drone in ("0", "1"):
        player = host(moving, buffer=1024)
        player.set("motion_drone", drone)
        heard = run(player, y)[0, 0]
        levels.append([10.0 * np.log10((heard[n * HOP : (n + 100) * HOP] ** 2).mean()) for n in (20, 690)])
    assert levels[0][1] < levels[0][0] - 6.0
    assert abs(levels[1][1] - levels[1][0]) < 4.0


def test_what_encodes_does_not_move(textures):
    y = 0.1 * np.random.default_rng(1).standard_normal((1, 2, 16 * 512)).astype(np.float32)
    y[:, 1] = 0.0
    hosts = [host(textures[0], method="forward", buffer=512) for _ in range(2)]
    hosts[0].set("motion", "0")
    assert np.array_equal(run(hosts[0], y), run(hosts[1], y))


def test_motion_can_be_turned_up_and_down_while_a_note_sounds(moving):
    player, y = host(moving, buffer=512), notes(256, [(0, 256, 60.0)])
    parts = []
    for n, amount in enumerate(("0", "1", "0", "2") * 4):
        player.set("motion", amount)
        parts.append(player.perform(y[..., 512 * n : 512 * (n + 1)]).numpy()[0, 0])
    heard = np.concatenate(parts)
    assert player.messages == []
    assert np.isfinite(heard).all()
    jump = np.abs(np.diff(heard)).reshape(-1)
    assert jump.max() < 0.25 * np.abs(heard).max()


def test_noise_is_white_and_moves_magnitudes_as_the_instruments_does(chamber):
    features = chamber.card.features
    noise = NnNoise(features)
    noise.seed(3)
    drawn = torch.stack([noise.draw(2) for _ in range(600)]).numpy()
    power = (np.abs(drawn[:, 0, 1:-1]) ** 2).mean(axis=0)
    assert power.mean() == pytest.approx(1.0, abs=0.05)
    assert power[:512].mean() == pytest.approx(power[512:].mean(), rel=0.1)
    assert abs(np.corrcoef(np.abs(drawn[:, 0, 100]), np.abs(drawn[:, 1, 100]))[0, 1]) < 0.2
    turns = np.angle((drawn[1:, 0] * drawn[:-1, 0].conj()).sum(axis=0))
    assert np.median(np.abs(turns)) < 0.3  # without the phase advance of its bins
    rng = np.random.default_rng(4)
    frame = rng.uniform(0.1, 1.0, features.bins).astype(np.float32)
    share = rng.uniform(0.0, 1.0, (2, NOISE_BANDS)).astype(np.float32)
    expected = np.zeros_like(frame)
    hz = float(midi_to_hz(57.3))
    spacing = hz * features.n_fft / features.sample_rate
    fluctuate(frame, share, drawn[7, 0], noise_bands(features, NOISE_BANDS), spacing, 1.0, expected)
    tensors = [torch.from_numpy(values[None].copy()) for values in (frame, share, drawn[7, 0])]
    found = noise.fluctuate(*tensors, torch.full((1, 1), hz)).numpy()[0]
    assert np.abs(found - expected).max() < 1e-4


def test_a_note_needs_no_past_as_in_the_instrument(chamber, moving):
    phases = load_torchscript(moving.read_bytes()).phases
    S = np.random.default_rng(5).uniform(0.0, 1.0, (8, 1025)).astype(np.float32) ** 8
    for iterations in (0, 4):
        stream = StreamingGriffinLim(2048, HOP, iterations, seed=1 + 7919)
        stream.prime(S[0])
        expected = stream.process(S)
        phases.reset(1)
        phases.prime(torch.from_numpy(S[:1]), 1)
        rows = torch.from_numpy(np.stack([0.0 * S, S]))
        with torch.no_grad():
            y = phases(rows, iterations).numpy()
        assert not y[0].any()
        assert np.abs(y[1] - expected).max() < 1e-3 * np.abs(expected).max()


def test_moving_files_are_what_libtorch_of_2_0_reads(textures, moving):
    known = set((Path(__file__).parent / "nn_operators.txt").read_text().split())
    for path in (textures[0], moving):
        contents = path.read_bytes()
        assert set(torch.jit.export_opnames(load_torchscript(contents))) <= known
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            (version,) = [name for name in archive.namelist() if name.endswith("/version")]
            assert int(archive.read(version)) <= 10


def test_a_release_that_gets_another_motion_plays_it_in_nn_too(chamber, tmp_path):
    import shutil

    folder = tmp_path / "chamber"
    shutil.copytree(CHAMBER, folder)
    motion = read_motion(CHAMBER, chamber.card).of(np.arange(20))
    made = read_release(add_motion(folder, motion))
    assert MOTION in made.card.files
    movement = load_torchscript((made.folder / TORCHSCRIPT).read_bytes()).movement
    assert len(movement.recorded.marks) == 20
