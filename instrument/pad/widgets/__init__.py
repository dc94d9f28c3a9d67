"""The parts of the window, a file each; they talk to the model, never to the network."""
