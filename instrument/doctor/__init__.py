"""`aitunes doctor`: what this machine carries, measured through the running engine."""
