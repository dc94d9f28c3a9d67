"""Attacks by what is printed, read from folders, and named."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aitunes.datasets.folder import LeftOut, audio_names
from benchmarks.attacks.target import ESCAPE, Target, require
from instrument.storage.paths import bundled_releases


def escapes(target: Target) -> str:
    """Addresses and arguments that colour and clear the terminal, under `/dumpOSC`."""
    with target.client() as client:
        client.send("/dumpOSC", 3)
        for text in (ESCAPE + "[2J", "\x9b2J", "a\nforged line", "\u202e", "\x07"):
            client.send(f"/aitunes/{text}", text)
        client.send("/dumpOSC", 0)
        client.ask("/sync", 2)
    time.sleep(0.2)
    require(ESCAPE not in target.text and "\x9b" not in target.text, "an escape has reached the terminal")
    require("\nforged" not in target.text, "a line was forged")
    return "printed escaped"


def cards(target: Target) -> str:
    """List a folder of cards that are endless, pipes, devices, sparse, or full of numbers."""
    sound = (bundled_releases() / "first-light" / "card.json").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        contents = {
            "digits": re.sub(r'"latent_dim": \d+', '"latent_dim": ' + "9" * 400, sound),
            "nested": "[" * 1_000_000,
            "long": sound[:-2] + ', "x": "' + "x" * 50_000_000 + '"}',
            "rate": sound.replace('"sample_rate": 44100', '"sample_rate": 1000000000000000'),
            "window": sound.replace('"n_fft": 1024', '"n_fft": 16777216'),
            "escape": sound.replace('"First Light"', json.dumps(ESCAPE + "[2J")).replace(
                '"first-light"', '"escape"', 1
            ),
            "list": "[1, 2, 3]",
        }
        for name, content in contents.items():
            (Path(folder) / name).mkdir()
            (Path(folder) / name / "card.json").write_text(content, encoding="utf-8")
        for name in ("pipe", "device", "sparse"):
            (Path(folder) / name).mkdir()
        os.mkfifo(Path(folder) / "pipe" / "card.json")
        (Path(folder) / "device" / "card.json").symlink_to("/dev/zero")
        with (Path(folder) / "sparse" / "card.json").open("wb") as sparse:
            sparse.truncate(20_000_000_000)
        listed = subprocess.run(
            [sys.executable, "-m", "instrument", "models", "--releases", folder],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    require(listed.returncode == 0 and "first-light" in listed.stdout, f"the list fails: {listed.stderr[-300:]}")
    require(ESCAPE not in listed.stdout + listed.stderr, "an escape has reached the terminal")
    refused = len(listed.stderr.splitlines())
    expected = len(contents) - 1 + 3  # whose name is an escape is a release, and is listed with its name escaped
    require(refused == expected, f"{refused} sentences for {expected} folders")
    return f"{refused} folders refused in a sentence each, the others are listed"


def names(target: Target) -> str:
    """Names with paths for every command that takes one."""
    evil = ("../aitunes-outside", "/tmp/aitunes-outside", "..", "a/b.wav", "x\0y.wav", "", "nul:", ESCAPE, "a" * 5_000)
    paths = ("/aitunes/record/start", "/aitunes/snapshot/save", "/aitunes/gesture/record", "/aitunes/release/load")
    with target.client() as client:
        for path in paths:
            for name in evil:
                with contextlib.suppress(Exception):
                    client.send(path, name)
        client.ask("/sync", 3, timeout_seconds=60.0)
    outside = [path for path in (target.home.parent / "aitunes-outside", Path("/tmp/aitunes-outside")) if path.exists()]
    require(not outside, f"{outside} were written")
    target.check_alive()
    return "nothing is written outside of its folder"


def sets(target: Target) -> str:
    """Play sets that are pipes, endless, or have a key of a hundred thousand parts."""
    song = '[[song]]\nrelease = "first-light"\n'
    contents = {
        "parts.toml": "a." * 100_000 + "b = 1\n" + song,
        "digits.toml": f"{song}tempo = {'9' * 100_000}\n",
        "nested.toml": f"{song}tempo = {'[' * 100_000}\n",
        "escape.toml": f'{song}name = "\\u001b[2J"\n"\\u001b[2J" = 1\n',
    }
    longest = 0.0
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        for name, content in contents.items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        os.mkfifo(Path(folder) / "pipe.toml")
        (Path(folder) / "device.toml").symlink_to("/dev/zero")
        names = [*contents, "pipe.toml", "device.toml"]
        for name in names:
            command = [
                sys.executable,
                "-m",
                "instrument",
                "play",
                "--output",
                "none",
                "--set",
                str(Path(folder) / name),
            ]
            began = time.monotonic()
            played = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            longest = max(longest, time.monotonic() - began)
            require(played.returncode == 1, f"{name} is played, or ends with {played.returncode}")
            require(len(played.stderr.splitlines()) == 1, f"{name} gives {played.stderr[-300:]!r}")
            require(ESCAPE not in played.stderr, "an escape has reached the terminal")
    return f"{len(names)} sets refused in a sentence each, within {longest:.1f} s"


def folders(target: Target) -> str:
    """List sounds in folders that lie thousands deep, beside pipes, devices, sockets and names of any signs."""
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        root = Path(folder) / "sounds"
        root.mkdir()
        here = os.open(root, os.O_RDONLY)
        for _ in range(3_000):
            os.mkdir("a", dir_fd=here)
            inside = os.open("a", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inside
        os.close(here)
        os.mkfifo(root / "pipe.wav")
        (root / "zero.wav").symlink_to("/dev/zero")
        (root / "loop.wav").symlink_to("loop.wav")
        (root / f"{ESCAPE}[2J\nforged.wav").write_bytes(b"RIFF")
        left_out = LeftOut()
        names = list(audio_names(root, left_out))
        subprocess.run(["rm", "-rf", str(root)], check=True)  # as deep as this, Python removes nothing
    require(names == [f"{ESCAPE}[2J\nforged.wav"], f"{names} are listed")
    require(len(left_out.folders) == 1, f"{len(left_out.folders)} folders are said to be too deep")
    return "one file is listed, what lies too deep is named"
