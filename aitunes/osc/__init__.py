"""OSC as both sides speak it: packets, addresses of engines, and a client without a framework."""
