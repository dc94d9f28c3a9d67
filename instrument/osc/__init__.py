"""OSC over UDP: datagrams in, replies and notices out."""
