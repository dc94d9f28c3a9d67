"""OSCQuery: the namespace over HTTP and WebSocket, from a process of its own that is one more OSC client."""
