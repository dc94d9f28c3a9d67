"""The patches that play a release with nn~ are wired to the inlets that the release's model.ts has.

nn~ itself is not at hand: in Pure Data, an abstraction of that name with the same inlets stands for it.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from aitunes.release.reader import read_card

EXAMPLES = Path(__file__).parents[2] / "examples"
CHAMBER = Path(__file__).parents[2] / "instrument" / "releases" / "chamber"


def inlets(method):
    """Inlets of a method of Chamber's model.ts, by docs/hosts.md."""
    card = read_card(CHAMBER)
    conditions = len(card.inputs) - 1
    return {"decode": card.latent_dim + conditions, "forward": 1 + conditions}[method]


def stand_in(method):
    """An abstraction with the inlets of that method; it prints messages, and where its signals come from."""
    lines, links = ["#N canvas 0 0 400 300 12"], []
    for n in range(inlets(method)):
        lines.append(f"#X obj {20 + 60 * n} 20 inlet~{' fwd' * (n == 0)}")
    first_print = len(lines) - 1
    lines.append(f"#X obj 20 80 print {method}")
    lines.append("#X obj 20 140 outlet~")
    links.append(f"#X connect 0 1 {first_print} 0")
    return ";\n".join([*lines, *links]) + ";\n"


@pytest.mark.puredata
def test_the_puredata_patch_reaches_every_inlet_that_it_names(need, tmp_path):
    pd = need("pd", "puredata-core")
    text = (EXAMPLES / "puredata" / "nn.pd").read_text()
    assert text.count("nn~ /path/to/chamber/model.ts") == 2
    for method in ("decode", "forward"):
        (tmp_path / f"nn-{method}~.pd").write_text(stand_in(method))
        text = text.replace(f"nn~ /path/to/chamber/model.ts {method}", f"nn-{method}~")
    (tmp_path / "nn.pd").write_text(text)
    sends = ["-send", "nn-x 1", "-send", "nn-key 9", "-send", "pd quit"]
    command = [pd, "-nogui", "-noaudio", "-nrt", "-noprefs", "-open", tmp_path / "nn.pd", *sends]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    printed = result.stdout + result.stderr
    pitch, level = inlets("decode") - 2, inlets("decode") - 1
    (player,) = re.findall(rf"#X connect \d+ 0 (\d+) {pitch};", text)
    assert re.search(rf"#X connect \d+ 0 {player} {level};", text)
    for complaint in ("couldn't create", "connection failed", "bad arguments", "error"):
        assert complaint not in printed, printed


def test_the_max_patch_is_wired_to_inlets_that_exist():
    patcher = json.loads((EXAMPLES / "max" / "nn.maxpat").read_text())["patcher"]
    boxes = {item["box"]["id"]: item["box"] for item in patcher["boxes"]}
    players = {box["text"].split()[2]: box for box in boxes.values() if box.get("text", "").startswith("nn~ ")}
    assert {name: box["numinlets"] for name, box in players.items()} == {
        name: inlets(name) for name in ("decode", "forward")
    }
    reached = set()
    for item in patcher["lines"]:
        (source, outlet), (target, inlet) = item["patchline"]["source"], item["patchline"]["destination"]
        assert outlet < boxes[source]["numoutlets"]
        assert inlet < boxes[target]["numinlets"]
        reached.add((target, inlet))
    pitch, level = inlets("decode") - 2, inlets("decode") - 1
    for name, count in (("decode", (0, 1, pitch, level)), ("forward", (0, 1, 2))):
        assert {(players[name]["id"], inlet) for inlet in count} <= reached


def test_the_patches_set_only_what_a_release_has():
    table = (EXAMPLES.parent / "docs" / "hosts.md").read_text().partition("| attribute |")[2].partition("\n\n")[0]
    known = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }
    pd = re.findall(r"set (\w+) ", (EXAMPLES / "puredata" / "nn.pd").read_text())
    boxes = json.loads((EXAMPLES / "max" / "nn.maxpat").read_text())["patcher"]["boxes"]
    max_ = [item["box"]["text"].split()[0] for item in boxes if item["box"]["maxclass"] == "message"]
    for names in (pd, max_):
        assert {"iterations", "motion", "motion_drone"} <= set(names) <= known
