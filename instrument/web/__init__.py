"""The web beside the engine: its page, HTTP API and OSCQuery, from a process of its own that is one more OSC client."""
