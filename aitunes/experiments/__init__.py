"""Brings models, losses and data together as experiments. The live side never imports this package."""
