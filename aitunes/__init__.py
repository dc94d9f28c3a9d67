"""AiTunes: the vocabulary that the trainer and the instrument share.

Importing this package imports nothing heavy: no torch, no librosa, no numba.
"""

__version__ = "0.1.0"
