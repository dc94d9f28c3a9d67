"""`model.ts` plays in a host that does what nn~ 1.5 and 1.6 do, and sounds as the instrument does."""

import io
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim  # noqa: E402
from aitunes.errors import TrainingError  # noqa: E402
from aitunes.features import AudioFeatures, stft_magnitudes  # noqa: E402
from aitunes.modules.conditional import pitch_and_level  # noqa: E402
from aitunes.modules.harmonic import HarmonicVAE  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord  # noqa: E402
from training.export.export import decoder_inputs  # noqa: E402
from training.export.nn_module import METHODS, NnModule, why_not_served  # noqa: E402
from training.export.nn_settings import NnSettings  # noqa: E402
from training.export.torchscript import load_torchscript, torchscript_bytes  # noqa: E402

from .nn_host import Host  # noqa: E402

pytestmark = pytest.mark.training

VERSIONS = [(1, 5), (1, 6)]
HOP = 128


def release(model, features):
    """The card of a release of this model, and the contents of its model.ts."""
    latent = LatentSpace.from_codes(np.random.default_rng(3).standard_normal((100, model.latent_dim)))
    record = TrainingRecord("noise", "CC0-1.0", 1, "0" * 64, "none", "", 0)
    output = TensorSpec("S", ("batch", features.bands, features.frames), (0.0, 1.0))
    inputs = decoder_inputs(model, 16.0)
    card = ReleaseCard("noise", "Noise", "", model.latent_dim, features, inputs, output, latent, record)
    S = torch.rand(3, features.bands, 1, generator=torch.Generator().manual_seed(1))
    return card, torchscript_bytes(model, card, S)


@pytest.fixture(scope="module")
def notes():
    """Notes of four coordinates, pitch and level, on a linear scale."""
    torch.manual_seed(3)
    features = AudioFeatures(n_fft=1024, hop_length=HOP, scale="linear", db_range=(-60.0, 60.0))
    model = HarmonicVAE(features, 4, pitch_and_level(48.0, 96.0), (16,)).eval()
    return model, *release(model, features)


@pytest.fixture(scope="module")
def textures():
    """Textures of three coordinates, in mel bands."""
    torch.manual_seed(4)
    features = AudioFeatures(n_fft=512, hop_length=HOP, n_mels=40)
    model = VariationalAutoencoder((40, 1), 3, (16,)).eval()
    return model, *release(model, features)


@pytest.fixture
def play(tmp_path):
    """`play(made, method, **options)`: a host of that release's model.ts."""

    def make(made, method="decode", **options):
        path = tmp_path / "model.ts"
        path.write_bytes(made[2])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Host(path, method, **options)

    return make


def signals(host, buffers, seed=5):
    """Plausible signals for a method's inlets, [batch, inlets, buffers * buffer]."""
    rng, labels = np.random.default_rng(seed), getattr(host.module, f"{host.method}_input_labels")
    shape = (host.batch, host.inlets, buffers * host.buffer)
    y = np.repeat(rng.uniform(-1.5, 1.5, (*shape[:2], shape[2] // HOP)), HOP, 2).astype(np.float32)
    for n, label in enumerate(labels):
        if "pitch" in label:
            y[:, n] = 60.0 + 5.0 * y[:, n]
        elif "level" in label:
            y[:, n] = -6.0 * abs(y[:, n])
        elif label == "(signal) audio":
            y[:, n] = 0.1 * rng.standard_normal(shape[2])
    return y


def run(host, y):
    """Play signals buffer by buffer, [batch, outlets, samples]."""
    parts = [host.perform(y[..., n : n + host.buffer]) for n in range(0, y.shape[2], host.buffer)]
    return torch.cat(parts, 2).numpy()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["notes", "textures"])
def test_every_method_plays_in_both_versions(request, play, kind, method):
    host = play(request.getfixturevalue(kind), method, buffer=512)
    y = signals(host, 3)
    for host.version in VERSIONS:
        heard = run(host, y)
        assert host.messages == []
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() > 1e-4
    labels = [getattr(host.module, f"{method}_{side}_labels") for side in ("input", "output")]
    assert [len(names) for names in labels] == [host.inlets, host.outlets]


@pytest.mark.parametrize(("kind", "method"), [("notes", "decode"), ("notes", "forward"), ("textures", "encode")])
def test_any_split_into_buffers_gives_the_same_samples(request, play, kind, method):
    made = request.getfixturevalue(kind)
    y = signals(play(made, method, buffer=2048), 1)
    whole, *others = (run(play(made, method, buffer=buffer, compiled=buffer == 256), y) for buffer in (2048, 0, 256))
    assert np.array_equal(whole, others[0])
    assert np.array_equal(whole, others[1])


@pytest.mark.parametrize("batch", [4, 17])
def test_signals_of_a_batch_do_not_hear_each_other(notes, play, batch):
    hosts = [play(notes, buffer=256, batch=batch), play(notes, buffer=256)]
    for host in hosts:
        host.set("iterations", "0")  # refinement blows up what differs in the last bit
    y = signals(hosts[0], 8)
    together, alone = run(hosts[0], y), run(hosts[1], y[:1])
    assert np.abs(together[0] - alone[0]).max() < 1e-3 * np.abs(alone).max()
    assert [bool(row.any()) for row in together] == [n < 16 for n in range(batch)]
    assert hosts[0].messages == []


def test_objects_share_no_state(notes, play):
    first, second = play(notes, buffer=256), play(notes, buffer=256)
    y = signals(first, 8)
    expected = run(play(notes, buffer=256), y)
    heard = [[], []]
    for n in range(0, y.shape[2], 256):
        for host, parts, signal in ((first, heard[0], y), (second, heard[1], y[..., ::-1])):
            parts.append(host.perform(np.ascontiguousarray(signal[..., n : n + 256])))
    assert np.array_equal(torch.cat(heard[0], 2).numpy(), expected)


@pytest.mark.parametrize("iterations", [0, 4])
def test_phases_are_those_of_the_instrument(notes, play, iterations):
    model, card, _ = notes
    host = play(notes, buffer=1024)
    host.set("iterations", iterations)
    controls = np.array([0.5, -0.4, 0.0, 0.2, 61.3, -3.0], np.float32)
    y = run(host, np.tile(controls[None, :, None], (1, 1, 4 * 1024)))[0, 0]
    with torch.no_grad():
        z = torch.from_numpy(card.latent.codes(controls[:4])[None])
        S = card.features.denormalise(model.decode(z, torch.from_numpy(controls[None, 4:])).numpy()[:, :, 0])
    stream = StreamingGriffinLim(1024, HOP, iterations=iterations, seed=1)
    expected = stream.process(np.repeat(S, len(y) // HOP, axis=0))
    assert np.abs(y[: 16 * HOP] - expected[: 16 * HOP]).max() < 1e-3 * np.abs(expected).max()
    A, B = (np.log10((stft_magnitudes(y, 1024, HOP) ** 2).mean(axis=1) + 1e-9) * 10.0 for y in (y, expected))
    assert np.sqrt(((A - B) ** 2).mean()) < 1.0


def test_mel_bands_become_the_magnitudes_of_the_instrument(textures, play):
    from aitunes.audio_processing.mel_inversion import MelInversion

    model, card, _ = textures
    host = play(textures)
    with torch.no_grad():
        controls = torch.tensor([[0.3, -0.7, 1.1], [0.0, 0.0, 0.0]])
        found = host.module.frames.magnitudes(controls).numpy()
        mel = card.features.denormalise(model.decode(torch.from_numpy(card.latent.codes(controls.numpy())))[:, :, 0])
    expected = MelInversion(card.features).process(mel)
    assert np.abs(found - expected).max() < 1e-3 * expected.max()


def test_encoding_gives_the_coordinates_of_the_encoder(notes, play):
    model, card, _ = notes
    host = play(notes, "encode", buffer=1024)
    y = (0.1 * np.sin(2 * np.pi * 440.0 * np.arange(8 * 1024) / 44_100)).astype(np.float32)
    found = run(host, y[None, None])[0, :, HOP - 1 :: HOP]
    S = card.features.analyse(y)
    with torch.no_grad():
        expected = card.latent.coordinates(model.encode(torch.from_numpy(S.T[:, :, None].copy())).numpy())
    first = 1024 // HOP - 1
    assert np.abs(found[:4, first:] - np.clip(expected.T, -4.0, 4.0)).max() < 1e-3
    rms_db = 20.0 * np.log10(0.1 / np.sqrt(2.0))
    assert np.abs(found[4, first:] - (rms_db + 20.0)).max() < 0.1


def test_the_pads_methods_are_each_others_inverse(notes, play):
    there, back = play(notes, "map2latent", buffer=256), play(notes, "latent2map", buffer=256)
    pad = np.repeat(np.random.default_rng(1).uniform(0.0, 1.0, (1, 2, 16)), HOP, 2).astype(np.float32)
    coordinates = run(there, pad)
    low, high = np.array(notes[1].latent.pad_range).T
    expected = low[:2, None] + pad[0] * (high - low)[:2, None]
    assert np.abs(coordinates[0, :2] - expected).max() < 1e-5
    assert not coordinates[0, 2:].any()
    assert np.abs(run(back, coordinates) - pad).max() < 1e-5


@pytest.mark.parametrize("method", ["decode", "encode", "forward"])
@pytest.mark.parametrize("kind", ["notes", "textures"])
def test_what_is_no_number_harms_nothing_and_is_forgotten(request, play, kind, method):
    host = play(request.getfixturevalue(kind), method, buffer=512)
    host.set("iterations", "1")
    y, position = signals(host, 18), 0
    for inlet in range(host.inlets):
        for poison in (np.nan, np.inf, -np.inf, 1e30):
            y[:, inlet, position : position + HOP] = poison
            position += HOP
    heard = run(host, y)
    assert host.messages == []
    assert np.isfinite(heard).all()
    assert np.abs(heard[..., -1024:]).max() > 1e-5


def test_silence_in_is_silence_out(notes, textures, play):
    for made, method in ((notes, "decode"), (notes, "forward"), (textures, "forward")):
        host = play(made, method, buffer=1024)
        assert not run(host, np.zeros((1, host.inlets, 2048), np.float32)).any()
    host = play(textures, "decode", buffer=1024)
    y = np.zeros((1, 3, 4096), np.float32)
    assert np.abs(run(host, y)).max() > 1e-4  # the middle of the pad is a sound
    y[:] = np.nan
    assert not run(host, y)[..., -2048:].any()


@pytest.mark.parametrize("version", VERSIONS)
def test_attributes_are_clamped_and_never_end_the_host(notes, play, version):
    host = play(notes, buffer=256, version=version)
    for name, words in {
        "iterations": ("7", "-5", "1e9", "3.7"),
        "gain_db": ("-6", "1000", "-1000", "nan"),
        "seed": ("3", "-1", "1e12"),
        "reset": ("1", "0"),
        "sr": ("1",),
        "latency": ("1",),
    }.items():
        for word in words:
            host.set(name, word)
        assert isinstance(host.get(name), list)
    assert host.messages == []
    assert [host.get(name)[0] for name in ("iterations", "gain_db", "seed")] == [3, -120.0, 2**31 - 1]
    assert [host.get(name)[0] for name in ("reset", "sr", "latency")] == [False, 44_100, 512]
    host.set("iterations", "4", "5")
    run(host, signals(host, 2))
    assert len(host.messages) == (version >= (1, 6))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("3.000000", 3),
        (" 12 ", 12),
        ("+5", 5),
        (True, 1),
        (2.9, 2),
        ("-4", 0),
        ("abc", 4),
        ("", 4),
        ("1e3", 4),
        ("1-2", 4),
    ],
)
def test_an_attribute_takes_whatever_type_a_host_sends(notes, sent, kept):
    module = load_torchscript(notes[2])
    for value in (sent, None, [1.0]):
        assert module.set_iterations(value) == 0
    assert module.get_iterations() == (kept,)


def test_gain_and_seed_do_what_they_say(notes, play):
    hosts = [play(notes, buffer=256) for _ in range(4)]
    y = signals(hosts[0], 4)
    hosts[1].set("gain_db", "-6.0206")
    hosts[2].set("seed", "99")
    plain, quiet, other, again = (run(host, y) for host in hosts)
    assert np.abs(quiet[..., HOP:] - 0.5 * plain[..., HOP:]).max() < 1e-4 * np.abs(plain).max()
    assert np.array_equal(plain, again)
    assert not np.array_equal(plain, other)
    hosts[3].set("reset", "1")
    assert np.array_equal(run(hosts[3], y), plain)


def test_files_are_what_libtorch_of_2_0_reads(notes, textures):
    known = set((Path(__file__).parent / "nn_operators.txt").read_text().split())
    for _, _, content in (notes, textures):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (version,) = [name for name in archive.namelist() if name.endswith("/version")]
            assert int(archive.read(version)) <= 10
            assert not any(name.endswith(".debug_pkl") for name in archive.namelist())
        assert set(torch.jit.export_opnames(load_torchscript(content))) <= known


def test_the_page_about_hosts_names_every_setting():
    page = (Path(__file__).parents[3] / "docs" / "hosts.md").read_text()
    assert all(f"`{name}`" in page for name in NnSettings(moves=True).attribute_names)


def test_the_file_carries_its_card(notes):
    extra = {"card.json": ""}
    torch.jit.load(io.BytesIO(notes[2]), _extra_files=extra)
    assert ReleaseCard.from_json(extra["card.json"].decode()) == notes[1]
    assert load_torchscript(notes[2]).card == extra["card.json"].decode()


def test_what_nn_cannot_play_is_refused_with_a_sentence(notes):
    model, card, _ = notes
    changed = replace(card.features, n_fft=768, hop_length=96)
    odd = replace(card, features=changed, output=TensorSpec("S", ("batch", 385, 1), (0.0, 1.0)))
    assert "a hop of 96 samples" in why_not_served(odd)
    assert torchscript_bytes(model, odd, torch.zeros(2, 513, 1)) is None
    with pytest.raises(TrainingError, match="powers of two"):
        NnModule(odd, torch.nn.Identity(), torch.nn.Identity())
    segment = replace(card.features, frames=64)
    long = replace(card, features=segment, output=TensorSpec("S", ("batch", 513, 64), (0.0, 1.0)))
    assert "segments of 64 frames" in why_not_served(long)
    other = replace(card, inputs=(*card.inputs, TensorSpec("breath", ("batch", 1), (0.0, 1.0))))
    assert "breath" in why_not_served(other)
    assert why_not_served(card) == ""
