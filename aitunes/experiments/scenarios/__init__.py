"""Scenarios: named recipes of a model, its losses and how long to train it, a file of them for each experiment."""
