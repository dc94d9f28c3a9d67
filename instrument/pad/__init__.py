"""Shows the pad, the window in which a release is played: a process of its own that speaks OSC alone."""
