"""Measures, pictures, maps and sounds of a trained model."""
