"""Defines models and their losses, in PyTorch. The live side never imports this package."""
