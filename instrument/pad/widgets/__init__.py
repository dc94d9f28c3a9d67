"""The widgets of the window, one in each file; they send through the model only."""
