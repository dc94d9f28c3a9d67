"""The pad: the window in which a release is played, in its own process and over OSC."""
