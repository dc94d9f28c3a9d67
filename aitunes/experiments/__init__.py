"""Experiments: a model, its losses and its data brought together. The live side never imports this package."""
