"""Runs the examples of `docs/http.md` as they stand there."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "http.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
EXAMPLES = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines() if line.startswith("curl")]


@pytest.fixture(scope="module")
def alone(engine_process, tmp_path_factory):
    words = ("web", "--http-port", 0, "--no-discovery", "--connect", "127.0.0.1:9")
    server = engine_process(tmp_path_factory.mktemp("home"), *words)
    yield server.says(r"OSCQuery at http://(127\.0\.0\.1:\d+)/").group(1)
    server.close()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_answer(alone, example, need, tmp_path):
    need("curl", "curl")
    words = shlex.split(example.replace("127.0.0.1:7421", alone), comments=True)
    answer = subprocess.run([*words, "--fail", "--silent"], cwd=tmp_path, capture_output=True, timeout=240, check=False)
    assert answer.returncode == 0, answer
    if "-o" in words:
        assert (tmp_path / "preview.ogg").read_bytes()[:4] == b"OggS"
    else:
        assert json.loads(answer.stdout.decode().rpartition("\r\n")[2])


def test_there_are_examples_of_everything():
    assert len(EXAMPLES) == 9
