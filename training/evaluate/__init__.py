"""Evaluates a trained model: measures, pictures, maps and sounds."""
