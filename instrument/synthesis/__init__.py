"""From latent coordinates to samples, one hop at a time; the same code live and offline."""
