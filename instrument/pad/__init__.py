"""The pad: the window a performer plays. A process of its own and an OSC client like any other."""
