"""Live: OSC messages become latent coordinates, spectrogram frames, and sound."""
