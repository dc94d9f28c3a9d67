"""Plays a TorchScript file as nn~ does in Pure Data: written from docs/hosts.md alone, without a line of nn~'s.

Each step is one that was observed in nn~ 1.5.6 or 1.6.0; `version` chooses between them.
"""

import torch

HIGHEST = 8_192


class HostDiedError(Exception):
    """Stands for the end of the host's process."""


class Host:
    """One nn~ object.

    Args:
        path: the file.
        method: that it plays.
        buffer: samples that are asked for; 0 renders at once, without a thread.
        version: (1, 5) or (1, 6).
        batch: signals of a multichannel cable, 1 otherwise.
        compiled: let TorchScript optimise what it runs, as hosts do; without that, tests are faster.
    """

    def __init__(self, path, method="decode", buffer=4096, version=(1, 6), batch=1, compiled=False):
        self.compiled = compiled
        self.module = torch.jit.load(str(path)).eval()
        self.version, self.batch, self.messages = version, batch, []
        methods = self.module.get_methods() if hasattr(self.module, "get_methods") else []
        self.method = method if method in methods else "forward"
        params = {name: [int(value) for value in getattr(self.module, f"{name}_params")] for name in methods}
        self.inlets, self.in_ratio, self.outlets, self.out_ratio = params[self.method]
        highest = max(ratio for _, *ratios in params.values() for ratio in (ratios[0], ratios[2]))
        self.threaded = buffer > 0
        self.buffer = max(buffer, highest) if buffer else highest
        if self.buffer > highest:
            self.buffer = 1 << (self.buffer - 1).bit_length()
        assert self.buffer <= HIGHEST

    def perform(self, y):
        """Return what the method makes of one buffer: [batch, inlets, buffer] → [batch, outlets, buffer]."""
        x = torch.as_tensor(y, dtype=torch.float32).reshape(self.batch, self.inlets, -1, self.in_ratio)[..., -1]
        silence = torch.zeros(self.batch, self.outlets, self.buffer)
        with torch.inference_mode(), torch.jit.optimized_execution(self.compiled):
            try:
                result = getattr(self.module, self.method)(x)
            except RuntimeError as error:
                self.messages.append(str(error))
                return silence
        if result.dtype != torch.float32:
            if self.version < (1, 6):
                raise HostDiedError(f"a result of type {result.dtype}")
            self.messages.append("a result that is not float")
            return silence
        if tuple(result.shape) != (self.batch, self.outlets, self.buffer // self.out_ratio):
            self.messages.append(f"a result of shape {tuple(result.shape)}")
            return silence
        return result.repeat_interleave(self.out_ratio, dim=2).clone()

    def set(self, name, *words):
        """Send `set NAME WORDS`: outside of inference mode, each word converted as `NAME_params` says."""
        if name not in self.module.get_attributes():
            return
        kinds = [int(kind) for kind in getattr(self.module, f"{name}_params")]
        if self.version >= (1, 6) and len(words) != len(kinds):
            self.messages.append(f"setter seems to have {len(kinds)}, but {len(words)} was given")
            return
        convert = {0: lambda word: bool(float(word)), 1: lambda word: int(float(word)), 2: float, 3: str}
        values = [convert[kind](word) for kind, word in zip(kinds, words, strict=False)]
        try:
            status = getattr(self.module, f"set_{name}")(*values)
        except RuntimeError as error:
            if self.version < (1, 6):
                raise HostDiedError(f"set {name} raises") from error
            self.messages.append(str(error))
            return
        if status != 0:
            if self.version < (1, 6):
                raise HostDiedError(f"set {name} returns {status}")
            self.messages.append(f"setter for {name} failed")

    def get(self, name):
        """Send `get NAME`."""
        values = getattr(self.module, f"get_{name}")()
        if not isinstance(values, list | tuple):
            if self.version >= (1, 6):
                raise HostDiedError(f"get {name} returns a bare value")
            return [values]
        return list(values)
