"""Reconstructs phases inside a TorchScript module: `aitunes.audio_processing.griffin_lim` without numba.

The algorithm, its constants and its random numbers are the instrument's (docs/decisions/0001-phase-reconstruction.md).
What runs there bin by bin is written here without loops over bins, because each operation of TorchScript costs
microseconds. Hops are taken one by one, always with the same shapes, so that a signal gives the same samples however a
host cuts it into buffers.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from aitunes.audio_processing.griffin_lim import FEW_ITERATIONS, fade_in, settled_frames, synthesis_windows
from aitunes.features import AudioFeatures, hann_window

MAX_BATCH = 16
"""Signals at once; every one has a row of the state."""

_MULTIPLIER, _INCREMENT, DICE_MASK = 1103515245, 12345, 0x7FFFFFFF


class StreamingPhases(nn.Module):
    """Turns magnitudes into samples, hop by hop, for up to `MAX_BATCH` signals at once.

    Args:
        features: window and hop; without look-ahead.
    """

    # TorchScript's compiler reads annotations, so they are no strings in this file.
    window: Tensor
    synthesis: Tensor
    fade: Tensor
    turn: Tensor
    numbers: Tensor
    dice_factors: Tensor
    dice_terms: Tensor
    magnitudes: Tensor
    analysed: Tensor
    frames: Tensor
    samples: Tensor
    phasors: Tensor
    before: Tensor
    dice: Tensor
    refined: Tensor
    padded: Tensor
    __constants__ = (
        "active",
        "bins",
        "few",
        "half_hop",
        "hop",
        "mask",
        "n_fft",
        "past_share",
        "settled",
        "settled_of_few",
    )

    def __init__(self, features: AudioFeatures) -> None:
        super().__init__()
        n_fft, hop = features.n_fft, features.hop_length
        self.n_fft, self.hop, self.bins, self.active = n_fft, hop, features.bins, n_fft // hop
        self.few = FEW_ITERATIONS
        self.settled_of_few = settled_frames(self.few, self.active)
        self.settled = settled_frames(self.few + 1, self.active)
        self.half_hop = float(np.pi * hop / n_fft)
        self.past_share = 1.0 / 8.0
        self.mask = DICE_MASK
        constants = {
            "window": torch.from_numpy(hann_window(n_fft)),
            "synthesis": torch.from_numpy(synthesis_windows(n_fft, hop, self.active)),
            "fade": torch.from_numpy(fade_in(hop)),
            "turn": torch.polar(
                torch.ones(self.bins), 2.0 * torch.pi * (torch.arange(self.bins) % self.active).float() / self.active
            ),
            "numbers": torch.arange(self.bins),
        }
        factors, terms = dice_jumps(self.bins)
        constants |= {"dice_factors": factors, "dice_terms": terms}
        for name, value in constants.items():
            self.register_buffer(name, value)
        self._register_state()
        self.seed(1)

    def _register_state(self) -> None:
        rows, frames = MAX_BATCH, (MAX_BATCH, self.active, self.bins)
        self.register_buffer("magnitudes", torch.zeros(frames))
        self.register_buffer("analysed", torch.zeros(frames, dtype=torch.complex64))
        self.register_buffer("frames", torch.zeros(rows, self.active, self.n_fft))
        self.register_buffer("samples", torch.zeros(rows, (2 * self.active - 1) * self.hop))
        self.register_buffer("phasors", self._first_phasors().repeat(rows, 1))
        self.register_buffer("before", torch.zeros(rows, self.bins))
        self.register_buffer("dice", torch.zeros(rows, dtype=torch.int64))
        self.register_buffer("refined", torch.zeros(rows, 1))
        # The windowed frames, each with as many zeros after it as `overlap_add` needs.
        self.register_buffer("padded", torch.zeros(rows, self.active, self.n_fft + self.active * self.hop))

    def _first_phasors(self) -> Tensor:
        return (1.0 - 2.0 * (torch.arange(self.bins) % 2).float()).to(torch.complex64)

    @torch.jit.export
    def reset(self, seed: int) -> None:
        """Forget all frames, as if newly made."""
        for state in (self.magnitudes, self.frames, self.samples, self.before, self.refined):
            state.zero_()
        self.analysed.zero_()
        signs = 1.0 - 2.0 * (self.numbers % 2).float()
        self.phasors.copy_(torch.complex(signs, torch.zeros_like(signs)).expand_as(self.phasors))
        self.seed(seed)

    @torch.jit.export
    def seed(self, seed: int) -> None:
        """Start the random phases of held noise from a number; each signal has others."""
        self.dice.copy_((seed + 7919 * torch.arange(self.dice.size(0))) & self.mask)

    @override
    def forward(self, S: Tensor, iterations: int) -> Tensor:
        """Turn magnitudes [batch, hops, bins] into samples [batch, hops * hop]."""
        batch, hops = S.size(0), S.size(1)
        y = torch.zeros(batch, hops * self.hop)
        for n in range(hops):
            y[:, n * self.hop : (n + 1) * self.hop] = self.advance(S[:, n], iterations)
        return y

    @torch.jit.export
    def advance(self, S: Tensor, iterations: int) -> Tensor:
        """Take one frame [batch, bins], return one hop [batch, hop]."""
        batch = S.size(0)
        S = torch.nn.functional.threshold(torch.nan_to_num(S, 0.0, 0.0, 0.0), 1e-9, 0.0)
        emitted = self.coming(batch)
        started = self.start(S, 1.0 + min(iterations, 8) * self.past_share)
        spectrum = S * started
        magnitudes = torch.cat([self.magnitudes[:batch, 1:], S.unsqueeze(1)], 1)
        newest = torch.fft.irfft(spectrum, self.n_fft).unsqueeze(1)
        frames = torch.cat([self.frames[:batch, 1:], newest], 1)
        if iterations > 0:
            frames, spectrum = self.refine(frames, magnitudes, iterations)
        self.refined[:batch].fill_(float(iterations > 0))
        modulus = absolute(spectrum)
        kept = torch.where(modulus > 1e-9, spectrum / modulus.clamp(min=1e-9), started)
        self.magnitudes[:batch].copy_(magnitudes)
        self.frames[:batch].copy_(frames)
        self.phasors[:batch].copy_(kept)
        self.before[:batch].copy_(S)
        return self.commit(emitted, frames, 0)

    @torch.jit.export
    def prime(self, S: Tensor, row: int) -> None:
        """Bring a row where it would be if the frame S [1, bins] had stood for a window (docs/decisions/0010-onset.md).

        A frame that stays the same has the same sources and slopes at each hop, so all its phases come at once.
        """
        S, count = torch.nn.functional.threshold(torch.nan_to_num(S, 0.0, 0.0, 0.0), 1e-9, 0.0), self.active - 1
        offsets, noise = self.partials(S)
        dice, rolls = self.dice[row], torch.zeros(count, self.bins)
        for n in range(count):
            rolled = (dice * self.dice_factors + self.dice_terms) & self.mask
            dice = rolled[-1]
            rolls[n].copy_(rolled)
        self.dice[row].copy_(dice)
        angles = 2.0 * self.half_hop * offsets + math.pi * noise * (rolls / 2.0**30 - 1.0)
        steps = self.turn * torch.polar(torch.ones_like(angles), angles)
        signs = 1.0 - 2.0 * (self.numbers % 2).float()
        slope = self.slope(S[:, 1:], S[:, 1:], torch.zeros_like(steps[:1, 1:])).expand(count, self.bins - 1)
        source = self.sources(S, S).expand(count, self.bins)
        found = self.reached(torch.cumprod(steps, 0) * signs, slope, source)
        waves = torch.fft.irfft(S * found, self.n_fft)
        self.samples[row].zero_()
        frames = torch.zeros(1, self.active, self.n_fft)
        for n in range(count):
            emitted = self.samples[row : row + 1, self.n_fft - self.hop : self.n_fft].clone()
            frames = torch.cat([frames[:, 1:], waves[n].unsqueeze(0).unsqueeze(0)], 1)
            self.commit(emitted, frames, row)
        self.frames[row].copy_(frames[0])
        self.magnitudes[row, 0].zero_()
        self.magnitudes[row, 1:].copy_(S.expand(count, self.bins))
        self.analysed[row].zero_()
        self.refined[row].zero_()
        self.phasors[row].copy_(found[-1])
        self.before[row].copy_(S[0])

    @torch.jit.export
    def coming(self, batch: int) -> Tensor:
        """Return what the next hop [batch, hop] would be if no frame followed."""
        return self.samples[:batch, self.n_fft - self.hop : self.n_fft].clone()

    def refine(self, frames: Tensor, magnitudes: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
        """Project the frames [batch, active, n_fft] onto consistent spectra and onto their magnitudes in turn.

        The oldest have settled and stay, as in `griffin_lim`'s kernel.

        Returns:
            The frames, and the newest frame's spectrum.
        """
        batch = frames.size(0)
        samples = self.samples[:batch]
        count = self.settled if iterations > self.few else self.settled_of_few
        settled, first = frames[:, :count], count * self.hop
        magnitudes = magnitudes[:, count:]
        spectra, last = torch.zeros(0, dtype=torch.complex64), torch.zeros(0, dtype=torch.complex64)
        for n in range(iterations):
            self.overlap_add(frames, 0)
            fresh = torch.fft.rfft(samples[:, first:].unfold(1, self.n_fft, self.hop) * self.window)
            if n == 0:  # the newest frame has no analysis before this one, and after a hop without any no frame has
                known = self.analysed[:batch, count + 1 :]
                known = torch.where(self.refined[:batch].unsqueeze(2) > 0.0, known, fresh[:, :-1])
                last = torch.cat([known, fresh[:, -1:]], 1)
            carried = torch.add(fresh, fresh - last, alpha=0.9)
            parts = torch.view_as_real(carried)
            real, imaginary = parts[..., 0], parts[..., 1]
            scale = magnitudes * torch.rsqrt(torch.addcmul(real * real + 1e-30, imaginary, imaginary))
            spectra = carried * scale
            frames = torch.cat([settled, torch.fft.irfft(spectra, self.n_fft)], 1)
            last = fresh
        self.analysed[:batch, count:].copy_(last)
        return frames, spectra[:, -1]

    def commit(self, emitted: Tensor, frames: Tensor, row: int) -> Tensor:
        """Emit the oldest hop of the rows from one on, faded over from the last hop's estimate of it, and move on."""
        first = self.n_fft - self.hop
        self.overlap_add(frames, row)
        samples = self.samples[row : row + emitted.size(0)]
        y = torch.lerp(emitted, samples[:, first : self.n_fft], self.fade)
        later = torch.cat([samples[:, self.hop : first], y, samples[:, self.n_fft :]], 1)
        samples[:, : -self.hop].copy_(later)
        samples[:, -self.hop :].zero_()
        return y

    def overlap_add(self, frames: Tensor, row: int) -> None:
        """Estimate the samples not yet emitted of the rows from one on, from the frames that cover them.

        Rows that are one hop shorter in a view than in memory each begin one hop later than the row before.
        """
        batch, first = frames.size(0), self.n_fft - self.hop
        width = self.n_fft + self.active * self.hop
        padded = self.padded[:batch]
        padded[:, :, : self.n_fft].copy_(frames * self.synthesis)
        skewed = padded.as_strided(
            [batch, self.active, width - self.hop], [self.active * width, width - self.hop, 1], 0
        )
        self.samples[row : row + batch, first:].copy_(skewed[:, :, first:].sum(1))

    def start(self, S: Tensor, past: float) -> Tensor:
        """Propagate phases from the frame before and along the new one, [batch, bins] of modulus 1."""
        batch = S.size(0)
        before, phasors = self.before[:batch], self.phasors[:batch]
        origin = past * before
        loudest = S.argmax(1, keepdim=True)
        origin = origin.scatter(1, loudest, torch.maximum(origin.gather(1, loudest), 1e-3 * S.gather(1, loudest)))
        source = self.sources(origin, S)
        steps = self.refined[:batch] * phasors[:, 1:] * phasors[:, :-1].conj()
        turned = self.turn_in_time(S, before, phasors, self.dice[:batch])
        slope = self.slope(before[:, :-1] + before[:, 1:], S[:, :-1] + S[:, 1:], steps)
        return self.reached(turned, slope, source)

    def sources(self, origin: Tensor, S: Tensor) -> Tensor:
        """Return from which bin each one takes its phase, [batch, bins], by the weights of their pasts."""
        batch = S.size(0)
        both = self.paths(torch.cat([origin, origin.flip(1)]), torch.cat([S, S.flip(1)]))
        rising, falling = both[:batch], both[batch:].flip(1)
        climbs = (rising > origin) & (rising >= falling)
        falls = (falling > origin) & (falling > rising)
        numbers = self.numbers.expand_as(climbs)
        below = torch.cummax(numbers.masked_fill(climbs, -1), 1)[0]
        above = torch.cummin(numbers.masked_fill(falls, self.bins).flip(1), 1)[0].flip(1)
        return below.gather(1, above)

    def reached(self, turned: Tensor, slope: Tensor, source: Tensor) -> Tensor:
        """Return the phases that bins take from their sources, along the slope between them."""
        path = torch.cumprod(torch.cat([torch.ones_like(slope[:, :1]), slope], 1), 1)
        reached = turned.gather(1, source) * path * path.gather(1, source).conj()
        found = torch.where(source != self.numbers.expand_as(source), reached, turned)
        modulus = absolute(found)
        return torch.where(modulus > 0.5, found / modulus.clamp(min=0.5), torch.ones_like(found))

    def paths(self, origin: Tensor, S: Tensor) -> Tensor:
        """Solve r[k] = max(origin[k], min(r[k - 1], S[k - 1])) for all k.

        Each step is a clamp of what comes before, and clamps combine into clamps: after n rounds every bin knows the
        combination of 2ⁿ of them (Hillis and Steele, "Data parallel algorithms", CACM 29, 1986).
        """
        low, high = origin, torch.nn.functional.pad(S[:, :-1], [1, 0])
        shift = 1
        while shift < self.bins:
            lifted = torch.maximum(low[:, shift:], torch.minimum(low[:, :-shift], high[:, shift:]))
            bounded = torch.minimum(high[:, shift:], high[:, :-shift])
            low = torch.cat([low[:, :shift], lifted], 1)
            high = torch.cat([high[:, :shift], bounded], 1)
            shift *= 2
        return low

    def turn_in_time(self, S: Tensor, before: Tensor, phasors: Tensor, state: Tensor) -> Tensor:
        """Turn every bin by one hop of its frequency, and stir the noise that is held."""
        offsets, noise = self.partials(S)
        power = S.square().sum(1, keepdim=True) + 1e-30
        moved = (S - before).square().sum(1, keepdim=True)
        wander = math.pi / (1.0 + 1e5 * moved / power)
        dice = (state.unsqueeze(1) * self.dice_factors + self.dice_terms) & self.mask
        state.copy_(dice[:, -1])
        angles = 2.0 * self.half_hop * offsets + wander * noise * (dice.float() / 2.0**30 - 1.0)
        return phasors * self.turn * torch.polar(torch.ones_like(angles), angles)

    def partials(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Return by how many bins each bin's partial lies beside it, and how far it is noise, both [batch, bins]."""
        mirrored = torch.cat([S[:, 1:2], S, S[:, -2:-1]], 1)
        total, change = mirrored[:, 2:] + mirrored[:, :-2], mirrored[:, 2:] - mirrored[:, :-2]
        root = torch.sqrt(torch.addcmul(9.0 * total * total, change, change, value=-8.0))
        offsets = 4.0 * change / (torch.add(root, total, alpha=3.0) + 1e-30)
        differences = offsets[:, :-1] - offsets[:, 1:]
        one_partial = torch.maximum(
            torch.nn.functional.pad(differences, [0, 1]), torch.nn.functional.pad(differences, [1, 0])
        )
        return offsets, (1.5 - 2.0 * one_partial).clamp(0.0, 1.0)

    def slope(self, before: Tensor, now: Tensor, last: Tensor) -> Tensor:
        """Return the phase step from each bin to the next; `griffin_lim`'s kernel derives it as `step_of`."""
        ratio = torch.sqrt((before + 1e-9) / (now + 1e-9))
        change = ((ratio - 1.0 / ratio) / self.half_hop).square()
        cosine, sine = math.cos(self.half_hop), math.sin(self.half_hop)
        click = (cosine - ratio) / sine
        back = (1.0 - cosine) / sine / (1.0 + 6.0 * change)
        turn = torch.complex(torch.ones_like(click), -click) * torch.complex(torch.ones_like(back), -back)
        turn = -turn * turn / ((1.0 + click * click) * (1.0 + back * back))
        held = 1.0 / (1.0 + 300.0 * change)
        mixed = held * last + (1.0 - held) * turn
        size = absolute(mixed)
        return torch.where(size > 0.01, mixed / size.clamp(min=0.01), turn)


def absolute(spectrum: Tensor) -> Tensor:
    """Return the absolute values, for which PyTorch itself takes several times as long."""
    parts = torch.view_as_real(spectrum)
    real, imaginary = parts[..., 0], parts[..., 1]
    return torch.sqrt(torch.addcmul(real * real, imaginary, imaginary))


def dice_jumps(bins: int) -> tuple[Tensor, Tensor]:
    """Return factors and terms that take the dice of one frame to each of its bins at once."""
    factors, terms = [], []
    factor, term = 1, 0
    for _ in range(bins):
        factor, term = factor * _MULTIPLIER & DICE_MASK, (term * _MULTIPLIER + _INCREMENT) & DICE_MASK
        factors.append(factor)
        terms.append(term)
    return torch.tensor(factors), torch.tensor(terms)
