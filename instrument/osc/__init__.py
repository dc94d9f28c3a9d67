"""Speaks OSC over UDP and TCP: packets in, replies and notices out."""
