"""Draws the window, one widget in each file; widgets send through the model only."""
