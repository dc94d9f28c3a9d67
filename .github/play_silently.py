"""Plays the installed package without a sound device for ten seconds, moves it by OSC, and ends it by OSC."""

import subprocess
import sys
import time

from pythonosc.udp_client import SimpleUDPClient

PORT = 7_429

engine = subprocess.Popen(
    [sys.executable, "-P", "-m", "instrument", "play", "--output", "none", "--no-pad", "--osc-port", str(PORT)]
)
client = SimpleUDPClient("127.0.0.1", PORT)
time.sleep(30.0)  # the first start compiles
for step in range(100):
    assert engine.poll() is None, "the engine ended by itself"
    client.send_message("/aitunes/pad/xy", [step / 100, 0.5])
    time.sleep(0.1)
client.send_message("/quit", [])
sys.exit(engine.wait(timeout=10.0))
