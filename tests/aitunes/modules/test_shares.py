"""Two processes against one, on the same batch."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.quantiser import VectorQuantiser  # noqa: E402
from aitunes.modules.shared_batch_norm import SharedBatchNorm2d  # noqa: E402
from aitunes.modules.shares import drawn_like, gathered, share_of  # noqa: E402

pytestmark = pytest.mark.training

SHARES = (slice(0, 5), slice(5, 8))
"""Of a batch of eight: not the same for both."""


def together(work):
    """Return what `work(slice)` returns in each of two processes that train together."""
    with tempfile.TemporaryDirectory() as folder:
        pids = [_start(work, rank, Path(folder)) for rank in range(2)]
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0]
        return [torch.load(Path(folder) / str(rank)) for rank in range(2)]


def _start(work, rank, folder):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            torch.set_num_threads(1)
            store = torch.distributed.FileStore(str(folder / "store"), 2)
            torch.distributed.init_process_group(
                "gloo", store=store, rank=rank, world_size=2, timeout=timedelta(seconds=60)
            )
            torch.save(work(SHARES[rank]), folder / str(rank))
            code = 0
        finally:
            os._exit(code)
    return pid


def batch():
    return 3.0 + torch.randn(8, 2, 3, 3, generator=torch.Generator().manual_seed(0))


def normalise(part):
    """Output, gradients and statistics of a layer, for the loss that the whole batch has."""
    torch.manual_seed(1)
    layer = SharedBatchNorm2d(2)
    with torch.no_grad():
        layer.weight.uniform_()
    S = batch().requires_grad_()
    y = layer(S[part])
    share = share_of(len(y), y.device)
    loss = (y**3).flatten(1).sum(1).mean() * share.weight / share.processes
    loss.backward()
    return y.detach(), S.grad[part], layer.weight.grad, layer.running_mean, layer.running_var


def test_a_shared_layer_normalises_by_the_whole_batch():
    y, gradient, weight, mean, var = normalise(slice(None))
    parts = together(normalise)
    assert torch.allclose(torch.cat([part[0] for part in parts]), y, atol=1e-5)
    assert torch.allclose(torch.cat([part[1] for part in parts]), gradient, atol=1e-5)
    assert torch.allclose(parts[0][2] + parts[1][2], weight, atol=1e-5)
    for part in parts:
        assert torch.allclose(part[3], mean, atol=1e-6)
        assert torch.allclose(part[4], var, atol=1e-6)


def draw(part):
    torch.manual_seed(2)
    S = batch()[part]
    return drawn_like(S), drawn_like(S, torch.rand), gathered(S)


def test_processes_draw_what_one_would_draw_for_the_whole_batch():
    whole, parts = draw(slice(None)), together(draw)
    assert torch.equal(torch.cat([part[0] for part in parts]), whole[0])
    assert torch.equal(torch.cat([part[1] for part in parts]), whole[1])
    assert all(torch.equal(part[2], batch()) for part in parts)


def quantise(part):
    torch.manual_seed(3)
    quantiser = VectorQuantiser(6, 2, decay=0.5, restart_below=0.2)
    for _ in range(4):
        quantised = quantiser(batch()[part, :, 0, 0])
    return quantised.vectors, quantiser.codebook, quantised.usage


def test_a_codebook_follows_the_vectors_of_all_processes():
    vectors, codebook, usage = quantise(slice(None))
    parts = together(quantise)
    assert torch.allclose(torch.cat([part[0] for part in parts]), vectors, atol=1e-5)
    for part in parts:
        assert torch.allclose(part[1], codebook, atol=1e-5)
        assert torch.allclose(part[2], usage)
