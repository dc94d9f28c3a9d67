"""Exports a trained model as a release."""
