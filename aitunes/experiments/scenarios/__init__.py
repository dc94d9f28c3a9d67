"""Holds the scenarios: named recipes of a model, its losses and its epochs, a file for each experiment."""
