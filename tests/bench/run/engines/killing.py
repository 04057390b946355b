"""A model that kills its process, as the kernel does where memory ends, or hangs; it notes in a folder what it does."""

import os
import signal
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from bench.run.plan import ModelPlan
from model.copy import Copy
from model.origin import ModelOrigin


@dataclass(frozen=True, slots=True)
class Killing(Copy):
    notes: Path = Path()

    def open(self, driving, settings):
        note(self.notes, "begun", driving.id)
        if "hanging" in driving.id:
            time.sleep(600)
        often = 2 if "killer" in driving.id else 1 if "unlucky" in driving.id else 0
        if len(noted(self.notes, "begun", driving.id)) <= often:
            os.kill(os.getpid(), signal.SIGKILL)
        return Copy.open(self, driving, settings)


@dataclass(frozen=True, slots=True)
class KillingPlan(ModelPlan):
    notes: Path = Path()
    dies_loading: bool = False

    def load(self, device):
        note(self.notes, "load")
        if self.dies_loading:
            os.kill(os.getpid(), signal.SIGKILL)
        return ModelOrigin(Killing(notes=self.notes))


def note(folder, *words):
    (folder / "-".join((*words, uuid.uuid4().hex))).touch()


def noted(folder, *words):
    return list(folder.glob("-".join((*words, "*"))))
