"""Holds how movements go on: figures that the instrument shares with `model.ts` in other hosts."""

SILENT_DB = -120.0

MIN_ATTACK_SPEED = 0.25
NOTE_FADE_SECONDS = 0.12
JUMP_SHARE = (0.35, 1.0)
"""Of a loop: after how much of it a note goes on from a similar moment."""
SIMILAR_MOMENTS = 6
END_DB_PER_SECOND = 600.0
"""How fast a note falls once its recording is over."""
CENTS_PER_DB = 10.0
"""Cents that make two moments as unlike as a decibel does."""
MIN_FED_DB = -45.0
"""Level below which a decoder's frame gets no darker."""
LEFT = 2.0
"""Distance, in the metric of the motion for each root of a dimension, at which the pad has left the instrument that a
tone began with; 1 is within it."""
MAX_FALL_DB = 2.5
"""A hop: how fast a level may fall where one note ends another in the same voice."""

TEXTURE_WINDOW_SECONDS, TEXTURE_STEP_SECONDS = 4.0, 1.0
TEXTURE_FADE_SECONDS = 0.25
NEAREST_PASSAGES = 6
MOVED = 0.25
"""Distance of the pad, in standard deviations, after which another part of the material may be nearer."""
SIMILAR_ENTRIES = 4
TEXTURE_OTHER = 0.02
"""Weight of distances beside the pad's axes: there are so many of them that the calmest passages would be nearest."""
HELD_AXES = 2
"""Axes on which the pad's own coordinates count; along all others the material has what is its own."""
