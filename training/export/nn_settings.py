"""Takes and tells the settings of a TorchScript module as nn~ sends and asks for them.

A setter clamps, returns 0 and never raises; a getter returns a tuple: anything else ends a host (docs/hosts.md).
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from training.export.nn_frames import NnFrames
from training.export.nn_notes import NnNotes
from training.export.nn_phases import StreamingPhases
from training.export.nn_textures import NnStill, NnTextures

DEFAULT_ITERATIONS = 4
_TRUTH, _WHOLE, _NUMBER, _TEXT = 0, 1, 2, 3
_ATTRIBUTES = {
    "iterations": _WHOLE,
    "gain_db": _NUMBER,
    "seed": _WHOLE,
    "reset": _TRUTH,
    "sr": _WHOLE,
    "latency": _WHOLE,
}
_OF_MOTION = {
    "motion": _NUMBER,
    "motion_speed": _NUMBER,
    "motion_mode": _TEXT,
    "motion_seed": _WHOLE,
    "motion_drone": _TRUTH,
}
MOTION_MODES = ("loop", "wander", "once")


class NnSettings(nn.Module):
    """Holds what a host can set.

    Args:
        moves: whether the release has a motion; without one there are no settings of it.
    """

    iterations: int
    gain_db: float
    seed: int
    motion: float
    motion_speed: float
    motion_mode: int
    motion_seed: int
    motion_drone: bool
    moving: bool
    attribute_names: list[str]
    gain: Tensor
    moved_gain: Tensor
    sr: Tensor
    latency: Tensor
    if TYPE_CHECKING:
        frames: NnFrames
        phases: StreamingPhases
        movement: NnNotes | NnTextures | NnStill

    def __init__(self, moves: bool) -> None:
        super().__init__()
        self.iterations, self.gain_db, self.seed = DEFAULT_ITERATIONS, 0.0, 1
        # Still, as a module without motion is: what a patch sounds like is for the patch to change.
        self.motion, self.motion_speed, self.motion_mode = 0.0, 1.0, MOTION_MODES.index("wander")
        self.motion_seed, self.motion_drone, self.moving = 0, False, False
        kinds = _ATTRIBUTES | _OF_MOTION if moves else _ATTRIBUTES
        self.attribute_names = list(kinds)
        for name, kind in kinds.items():
            self.register_buffer(f"{name}_params", torch.tensor([kind]))

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Name what a host can set; `sr` and `latency` stay as they are."""
        return self.attribute_names

    def number(self, value: Any, low: float, high: float, fallback: float) -> float:
        """Read what a host sends for a number, within bounds; what is none changes nothing."""
        found = fallback
        if isinstance(value, bool):
            found = 1.0 if value else 0.0
        elif isinstance(value, int):
            found = float(value)
        elif isinstance(value, float):
            found = value
        elif isinstance(value, str):
            found = self.parsed(value, fallback)
        if not (found >= low):  # also for NaN
            found = low if found < low else fallback
        return min(found, high)

    def parsed(self, text: str, fallback: float) -> float:
        """Read a decimal number such as "3.000000"."""
        digits, points = 0, 0
        body = text.strip()
        if body[:1] in "+-":
            body = body[1:]
        for letter in body:
            if letter == ".":
                points += 1
            elif letter in "0123456789":
                digits += 1
            else:
                return fallback
        if digits < 1 or digits > 15 or points > 1:
            return fallback
        return -float(body) if text.strip().startswith("-") else float(body)

    @torch.jit.export
    def set_iterations(self, value: Any) -> int:
        """Set how often phases are refined a hop, 0 to 32."""
        self.iterations = int(self.number(value, 0.0, 32.0, float(self.iterations)))
        return 0

    @torch.jit.export
    def get_iterations(self) -> tuple[int]:
        """Return how often phases are refined a hop."""
        return (self.iterations,)

    @torch.jit.export
    def set_gain_db(self, value: Any) -> int:
        """Set the gain of the output, -120 to 24 dB."""
        self.gain_db = self.number(value, -120.0, 24.0, self.gain_db)
        return 0

    @torch.jit.export
    def get_gain_db(self) -> tuple[float]:
        """Return the gain of the output, dB."""
        return (self.gain_db,)

    @torch.jit.export
    def set_seed(self, value: Any) -> int:
        """Start the random phases of held noise from a number."""
        self.seed = int(self.number(value, 0.0, 2147483647.0, float(self.seed)))
        self.phases.seed(self.seed)
        return 0

    @torch.jit.export
    def get_seed(self) -> tuple[int]:
        """Return what the random phases started from."""
        return (self.seed,)

    @torch.jit.export
    def set_reset(self, value: Any) -> int:
        """Forget all sound so far, for anything but 0."""
        if self.number(value, 0.0, 1.0, 0.0) > 0.0:
            self.phases.reset(self.seed)
            self.frames.history.zero_()
            self.gain.fill_(10.0 ** (self.gain_db / 20.0))
            self.movement.reset(self.motion_seed)
            self.moved_gain.fill_(1.0)
        return 0

    @torch.jit.export
    def get_reset(self) -> tuple[bool]:
        """Return false."""
        return (False,)

    @torch.jit.export
    def set_sr(self, value: Any) -> int:
        """Change nothing: the sample rate is the release's."""
        return 0

    @torch.jit.export
    def get_sr(self) -> tuple[int]:
        """Return the sample rate, Hz."""
        return (int(self.sr),)

    @torch.jit.export
    def set_latency(self, value: Any) -> int:
        """Change nothing: the latency is the release's."""
        return 0

    @torch.jit.export
    def get_latency(self) -> tuple[int]:
        """Return the samples from a coordinate to the middle of its sound; a host's buffers come on top."""
        return (int(self.latency),)

    @torch.jit.export
    def set_motion(self, value: Any) -> int:
        """Set how much of the recorded movement sounds, 0 to 2."""
        self.motion = self.number(value, 0.0, 2.0, self.motion)
        return 0

    @torch.jit.export
    def get_motion(self) -> tuple[float]:
        """Return how much of the recorded movement sounds."""
        return (self.motion,)

    @torch.jit.export
    def set_motion_speed(self, value: Any) -> int:
        """Set the speed of the movement, -4 to 4."""
        self.motion_speed = self.number(value, -4.0, 4.0, self.motion_speed)
        return 0

    @torch.jit.export
    def get_motion_speed(self) -> tuple[float]:
        """Return the speed of the movement."""
        return (self.motion_speed,)

    @torch.jit.export
    def set_motion_mode(self, value: Any) -> int:
        """Set what follows at the end of a movement, by name or number: loop, wander, once."""
        self.motion_mode = int(self.number(value, 0.0, 2.0, float(self.motion_mode)))
        if isinstance(value, str):
            for n, name in enumerate(("loop", "wander", "once")):
                if value.strip() == name:
                    self.motion_mode = n
        return 0

    @torch.jit.export
    def get_motion_mode(self) -> tuple[str]:
        """Return what follows at the end of a movement."""
        return (["loop", "wander", "once"][self.motion_mode],)

    @torch.jit.export
    def set_motion_seed(self, value: Any) -> int:
        """Start all that is random in the movement from a number."""
        self.motion_seed = int(self.number(value, 0.0, 2147483647.0, float(self.motion_seed)))
        self.movement.seed(self.motion_seed)
        return 0

    @torch.jit.export
    def get_motion_seed(self) -> tuple[int]:
        """Return what the movement's random numbers started from."""
        return (self.motion_seed,)

    @torch.jit.export
    def set_motion_drone(self, value: Any) -> int:
        """Set whether notes that begin keep the level of the middle of their sound."""
        self.motion_drone = self.number(value, 0.0, 1.0, float(self.motion_drone)) > 0.0
        return 0

    @torch.jit.export
    def get_motion_drone(self) -> tuple[bool]:
        """Return whether notes keep their level."""
        return (self.motion_drone,)
