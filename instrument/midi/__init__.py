"""MIDI and MPE, in a process of its own: bytes from ports become notes and settings of the engine, over OSC."""
