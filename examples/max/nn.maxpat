{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 5,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   80,
   80,
   820,
   420
  ],
  "boxes": [
   {
    "box": {
     "id": "title",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "patching_rect": [
      20,
      10,
      760,
      34
     ],
     "text": "Chamber in nn~, without AiTunes. Put the release's model.ts on Max's search path as chamber.ts. Other releases have other inlets: docs/hosts.md."
    }
   },
   {
    "box": {
     "id": "x",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      20,
      90,
      80,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "y",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      120,
      90,
      80,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "names",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "patching_rect": [
      20,
      66,
      240,
      20
     ],
     "text": "coordinates 1 and 2, standard deviations"
    }
   },
   {
    "box": {
     "id": "x-ramp",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20,
      120,
      80,
      22
     ],
     "text": "pack 0. 20"
    }
   },
   {
    "box": {
     "id": "y-ramp",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      120,
      120,
      80,
      22
     ],
     "text": "pack 0. 20"
    }
   },
   {
    "box": {
     "id": "x-line",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "signal",
      "bang"
     ],
     "patching_rect": [
      20,
      150,
      80,
      22
     ],
     "text": "line~"
    }
   },
   {
    "box": {
     "id": "y-line",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "signal",
      "bang"
     ],
     "patching_rect": [
      120,
      150,
      80,
      22
     ],
     "text": "line~"
    }
   },
   {
    "box": {
     "id": "keys",
     "maxclass": "kslider",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "int",
      "int"
     ],
     "patching_rect": [
      260,
      66,
      336,
      53
     ]
    }
   },
   {
    "box": {
     "id": "held",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "patching_rect": [
      400,
      130,
      50,
      22
     ],
     "text": "> 0"
    }
   },
   {
    "box": {
     "id": "pitch",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "patching_rect": [
      260,
      160,
      50,
      22
     ],
     "text": "* 0"
    }
   },
   {
    "box": {
     "id": "pitch-note",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "patching_rect": [
      320,
      160,
      160,
      20
     ],
     "text": "pitch 0 is silence"
    }
   },
   {
    "box": {
     "id": "pitch-sig",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      260,
      190,
      50,
      22
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "level-sig",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      340,
      190,
      60,
      22
     ],
     "text": "sig~ 0."
    }
   },
   {
    "box": {
     "id": "iterations",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      620,
      66,
      120,
      22
     ],
     "text": "iterations 8"
    }
   },
   {
    "box": {
     "id": "gain",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      620,
      96,
      120,
      22
     ],
     "text": "gain_db -6."
    }
   },
   {
    "box": {
     "id": "reset",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      620,
      126,
      120,
      22
     ],
     "text": "reset 1"
    }
   },
   {
    "box": {
     "id": "decode",
     "maxclass": "newobj",
     "numinlets": 14,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      20,
      240,
      420,
      22
     ],
     "text": "nn~ chamber.ts decode 512"
    }
   },
   {
    "box": {
     "id": "half",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      20,
      280,
      60,
      22
     ],
     "text": "*~ 0.5"
    }
   },
   {
    "box": {
     "id": "out",
     "maxclass": "ezdac~",
     "numinlets": 2,
     "numoutlets": 0,
     "outlettype": [],
     "patching_rect": [
      20,
      330,
      45,
      45
     ]
    }
   },
   {
    "box": {
     "id": "adc",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      480,
      200,
      60,
      22
     ],
     "text": "adc~ 1"
    }
   },
   {
    "box": {
     "id": "forward",
     "maxclass": "newobj",
     "numinlets": 3,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      480,
      240,
      260,
      22
     ],
     "text": "nn~ chamber.ts forward 2048"
    }
   },
   {
    "box": {
     "id": "voice",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "patching_rect": [
      580,
      200,
      24,
      24
     ]
    }
   },
   {
    "box": {
     "id": "voice-note",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "patching_rect": [
      610,
      200,
      160,
      20
     ],
     "text": "play an input's sound"
    }
   },
   {
    "box": {
     "id": "voice-gain",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      480,
      280,
      60,
      22
     ],
     "text": "*~ 0."
    }
   },
   {
    "box": {
     "id": "motion",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      760,
      66,
      120,
      22
     ],
     "text": "motion 1."
    }
   },
   {
    "box": {
     "id": "still",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      760,
      96,
      120,
      22
     ],
     "text": "motion 0."
    }
   },
   {
    "box": {
     "id": "drone",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      760,
      126,
      120,
      22
     ],
     "text": "motion_drone 1"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "x",
      0
     ],
     "destination": [
      "x-ramp",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "y",
      0
     ],
     "destination": [
      "y-ramp",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "x-ramp",
      0
     ],
     "destination": [
      "x-line",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "y-ramp",
      0
     ],
     "destination": [
      "y-line",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "x-line",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "y-line",
      0
     ],
     "destination": [
      "decode",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "keys",
      1
     ],
     "destination": [
      "held",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "held",
      0
     ],
     "destination": [
      "pitch",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "keys",
      0
     ],
     "destination": [
      "pitch",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "pitch",
      0
     ],
     "destination": [
      "pitch-sig",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "pitch-sig",
      0
     ],
     "destination": [
      "decode",
      12
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "level-sig",
      0
     ],
     "destination": [
      "decode",
      13
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "iterations",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "gain",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "reset",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "decode",
      0
     ],
     "destination": [
      "half",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "half",
      0
     ],
     "destination": [
      "out",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "half",
      0
     ],
     "destination": [
      "out",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "adc",
      0
     ],
     "destination": [
      "forward",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "pitch-sig",
      0
     ],
     "destination": [
      "forward",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "level-sig",
      0
     ],
     "destination": [
      "forward",
      2
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "forward",
      0
     ],
     "destination": [
      "voice-gain",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "voice",
      0
     ],
     "destination": [
      "voice-gain",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "voice-gain",
      0
     ],
     "destination": [
      "out",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "voice-gain",
      0
     ],
     "destination": [
      "out",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "motion",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "still",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "drone",
      0
     ],
     "destination": [
      "decode",
      0
     ]
    }
   }
  ]
 }
}
