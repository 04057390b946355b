"""A model that misbehaves on the clips whose films are longer than two frames, as `WHERE` and `HOW` say."""

import contextlib
import ctypes
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from model.copy import Copy
from model.interface import SettingReport


class Odd(BaseException):
    """Neither an error nor an end of the process."""


class Wordless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


DEEDS = {
    "exit": lambda: sys.exit(),
    "exit 0": lambda: sys.exit(0),
    "exit 3": lambda: sys.exit(3),
    "odd": lambda: (_ for _ in ()).throw(Odd("odd")),
    "generator": lambda: (_ for _ in ()).throw(GeneratorExit),
    "wordless": lambda: (_ for _ in ()).throw(Wordless),
    "_exit 0": lambda: os._exit(0),
    "_exit 0 in C": lambda: ctypes.CDLL(None)._exit(0),
}

JUNK = {
    "none": lambda settings: None,
    "list": lambda settings: [1],
    "text keys": lambda settings: {str(setting): SettingReport() for setting in settings},
    "number": lambda settings: dict.fromkeys(settings, 3),
    "error": lambda settings: dict.fromkeys(settings, SettingReport(error=ValueError("x"))),
    "carrier": lambda settings: dict.fromkeys(settings, SettingReport(carrier=None)),
    "warnings": lambda settings: dict.fromkeys(settings, SettingReport(warnings="x")),
    "per_frame": lambda settings: dict.fromkeys(settings, SettingReport(per_frame=[1.0])),
    "name": lambda settings: dict.fromkeys(settings, SettingReport({7: np.zeros(3)})),
    "words": lambda settings: dict.fromkeys(settings, SettingReport({"yaw": ["a", "b", "c"]})),
    "ragged": lambda settings: dict.fromkeys(settings, SettingReport({"yaw": [[1.0], [1.0, 2.0], []]})),
    "short": lambda settings: dict.fromkeys(settings, SettingReport({"yaw": np.zeros(2)})),
    "scalar": lambda settings: dict.fromkeys(settings, SettingReport({"yaw": 1.0})),
}


class Misbehaving:
    """Behaves like `copy` where it is not told otherwise by `MISBEHAVE`, as `WHERE:HOW`."""

    name = "misbehaving"
    size = None

    def __init__(self, checkpoint=None, *, device="cpu", told=None):
        self.where, _, self.how = (told or os.environ["MISBEHAVE"]).partition(":")
        self.do("load")

    def do(self, where):
        if self.where == where:
            DEEDS[self.how]()

    def describe(self):
        self.do("describe")
        return {}

    def open(self, driving, settings):
        if "bad" not in driving.id:
            return Copy().open(driving, settings)
        self.do("open")
        if self.where == "deaf":
            Path(tempfile.mkdtemp(), "left").touch()
            Path(self.how).write_text(str(os.getpid()))
            while True:
                with contextlib.suppress(BaseException):
                    time.sleep(600)
        if self.where == "child":
            script = f"sleep 600 & echo $! > {self.how}"  # it outlives the shell that started it
            subprocess.run(["sh", "-c", script], start_new_session=True, check=True)
        return Session(self, Copy().open(driving, settings), settings)


class Session:
    def __init__(self, model, inner, settings):
        self.model, self.inner, self.settings = model, inner, settings

    def step(self, driving):
        self.model.do("step")
        return self.inner.step(driving)

    def close(self):
        self.model.do("close")
        return JUNK[self.model.how](self.settings) if self.model.where == "junk" else self.inner.close()
