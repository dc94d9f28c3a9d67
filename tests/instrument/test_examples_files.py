"""Files of programs that are not here: their form, and that every address in any example is one of the table."""

import json
import re
from pathlib import Path

import pytest

from instrument.namespace import ROOT, expand

EXAMPLES = Path(__file__).parents[2] / "examples"
COORDINATES = 8  # of the bundled release
ROWS = expand(COORDINATES)
TOLD = {"/aitunes/meter", "/aitunes/scope", "/done", "/error", "/fail", "/status.reply", "/version.reply"}

# Inlets and outlets of the objects that the Max patch uses; a number is multiplied by that of the arguments.
MAX_BOXES = {
    "comment": (1, 0),
    "message": (2, 1),
    "flonum": (1, 2),
    "number": (1, 2),
    "pictslider": (2, 2),
    "multislider": (1, 2),
    "kslider": (2, 2),
}
MAX_OBJECTS = {
    "udpsend": (1, 0),
    "prepend": (1, 1),
    "pak": (2, 1),
    "pack": (2, 1),
    "/": (2, 1),
    "makenote": (3, 2),
    "notein": (1, 3),
    "print": (1, 0),
    "node.script": (1, 2),
    "zl": (2, 2),
}
MAX_OUTLETS = {"route": 1, "unpack": 0, "t": 0}  # as many as they have arguments, and so many more
OSC_WIDGETS = {"xy": "ff", "fader": "f", "button": None, "keyboard": "ii", "text": None}
REAPER_FLAGS = {"n": "f", "f": "f", "s": "s", "i": "i"}
REAPER_ACTIONS = {"TRACK_VOLUME", "TRACK_PAN", "LAST_TOUCHED_FX_PARAM_VALUE", "FX_WETDRY"}


def text_of(*parts):
    return EXAMPLES.joinpath(*parts).read_text(encoding="utf-8")


def boxes_and_lines():
    patcher = json.loads(text_of("max", "aitunes.maxpat"))["patcher"]
    return {one["box"]["id"]: one["box"] for one in patcher["boxes"]}, [one["patchline"] for one in patcher["lines"]]


def widgets():
    return json.loads(text_of("open-stage-control", "aitunes.json"))["content"]["widgets"]


def addresses(path):
    """Every OSC address that a file names, as the engine would see it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".pd":
        named = re.findall(r"(?:oscformat|set) ((?:aitunes|status)[^;\\]*)", text)
        return {"/" + name.strip().replace(" ", "/") for name in named}
    of_the_server = r"""(?<=["' ])/[a-zA-Z]+(?:\.reply)?(?=["' ,])"""
    return {*re.findall(rf"{ROOT}/[\w/]+", text), *re.findall(of_the_server, text)}


# Those for nn~ send nothing to an engine; test_examples_nn.py looks at them.
EVERY_FILE = sorted(
    path for path in EXAMPLES.rglob("*.*") if path.suffix not in (".md", ".pyc", ".sh") and path.stem != "nn"
)


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: path.name)
def test_every_address_is_one_that_the_engine_has(path):
    found = addresses(path)
    assert found & ROWS.keys()
    assert found <= ROWS.keys() | TOLD


def test_addresses_are_found_in_every_kind_of_file():
    assert addresses(EXAMPLES / "puredata" / "aitunes.pd") > {"/aitunes/pad/xy", "/aitunes/latent/0", "/status"}
    assert addresses(EXAMPLES / "max" / "aitunes.maxpat") > {"/aitunes/pad/xy", "/aitunes/note", "/status.reply"}
    assert addresses(EXAMPLES / "max" / "aitunes.js") > {"/aitunes/latent", "/notify", "/status"}
    assert addresses(EXAMPLES / "supercollider" / "aitunes.scd") > {"/aitunes/note", "/status", "/fail"}
    assert addresses(EXAMPLES / "reaper" / "AiTunes.ReaperOSC") >= {"/aitunes/gain", "/aitunes/pad/x"}


def test_every_line_of_the_max_patch_joins_an_outlet_to_an_inlet():
    boxes, lines = boxes_and_lines()
    assert len(lines) > 30
    for line in lines:
        (source, outlet), (destination, inlet) = line["source"], line["destination"]
        assert 0 <= outlet < boxes[source]["numoutlets"]
        assert 0 <= inlet < boxes[destination]["numinlets"]


def test_every_box_of_the_max_patch_is_an_object_of_max():
    boxes, _ = boxes_and_lines()
    for box in boxes.values():
        sizes = box["numinlets"], box["numoutlets"]
        if box["maxclass"] != "newobj":
            assert sizes == MAX_BOXES[box["maxclass"]]
            continue
        kind, *arguments = box["text"].split()
        if kind in MAX_OUTLETS:
            assert sizes == (1, len(arguments) + MAX_OUTLETS[kind])
        else:
            assert sizes == MAX_OBJECTS[kind]
        assert len(box["outlettype"] if sizes[1] else []) == sizes[1]


def test_no_two_boxes_of_the_max_patch_overlap():
    boxes = [box["patching_rect"] for box in boxes_and_lines()[0].values()]
    for n, (x, y, w, h) in enumerate(boxes):
        for left, top, width, height in boxes[:n]:
            assert x >= left + width or left >= x + w or y >= top + height or top >= y + h


def test_all_that_is_played_in_the_max_patch_reaches_the_engine():
    """Follow the lines from every control to [udpsend] or to the script."""
    boxes, lines = boxes_and_lines()
    after = {name: [line["destination"][0] for line in lines if line["source"][0] == name] for name in boxes}
    ends = {name for name, box in boxes.items() if box.get("text", "").startswith(("udpsend", "node.script"))}
    controls = {
        name for name, box in boxes.items() if box["maxclass"] in ("pictslider", "multislider", "kslider", "message")
    }
    assert len(ends) == 2
    for control in controls:
        reached, waiting = set(), [control]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(after[name])
        assert reached & ends


def test_widgets_send_what_their_addresses_take():
    found = widgets()
    assert len({widget["id"] for widget in found}) == len(found)
    assert {widget["type"] for widget in found} == OSC_WIDGETS.keys() | {"variable"}
    for widget in found:
        assert widget["target"] == "127.0.0.1:7420"
        if widget["type"] in ("text", "variable") or widget.get("bypass"):
            continue
        row = ROWS[widget["address"]]
        types = "".join(argument.type for argument in row.arguments if not argument.optional)
        assert widget["typeTags"] == types
        assert types == (OSC_WIDGETS[widget["type"]] or types)
        ranges = [widget[name] for name in ("range", "rangeX", "rangeY") if name in widget]
        for argument, limits in zip(row.arguments, ranges, strict=False):
            assert (limits["min"], limits["max"]) == (argument.low, argument.high)
        if widget["type"] == "button":
            sent = [*widget.get("preArgs", []), widget["on"]]
            assert ["s" if isinstance(value, str) else "f" for value in sent] == list(types)


def test_widgets_do_not_cover_each_other():
    places = [(one["left"], one["top"], one["width"], one["height"]) for one in widgets() if one["type"] != "variable"]
    for n, (x, y, w, h) in enumerate(places):
        for left, top, width, height in places[:n]:
            assert x >= left + width or left >= x + w or y >= top + height or top >= y + h
    assert {"aitunes.json", "aitunes.maxpat", "AiTunes.ReaperOSC"} <= {path.name for path in EVERY_FILE}


def test_each_line_of_the_reaper_file_is_an_action_and_patterns_of_its_type():
    for line in text_of("reaper", "AiTunes.ReaperOSC").splitlines():
        if not line or line.startswith("#"):
            continue
        action, *patterns = line.split()
        assert patterns
        if action.startswith(("DEVICE_", "REAPER_")):
            assert re.fullmatch(r"\d+|REAPER|DEVICE|LAST_TOUCHED", " ".join(patterns))
            assert action.endswith("_COUNT" if patterns[0].isdigit() else "_FOLLOWS")
            continue
        assert action in REAPER_ACTIONS
        for pattern in patterns:
            (argument,) = ROWS[pattern[1:]].arguments
            assert argument.type == REAPER_FLAGS[pattern[0]]
            if pattern[0] == "n":
                assert (argument.low, argument.high) == (0.0, 1.0)
