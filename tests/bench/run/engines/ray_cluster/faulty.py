"""A model that loses its machine or its process when it is told to; and machines that do not see all files."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.run.engines.ray_cluster.inputs import Input
from bench.run.plan import ModelPlan
from model.copy import Copy
from model.origin import ModelOrigin


@dataclass(frozen=True, slots=True)
class Faulty(Copy):
    """What becomes of a clip is in its id; `notes` is a folder that keeps where each was tried."""

    notes: Path = Path()

    def open(self, driving, settings):
        import ray

        tries = len(tried(self.notes, driving.id))
        child = subprocess.Popen(["sleep", "600"]).pid if driving.id == "endless" else 0
        note = self.notes / f"{driving.id}-{tries}"
        note.with_suffix(".new").write_text(f"{ray.get_runtime_context().get_node_id()} {os.getpid()} {child}")
        note.with_suffix(".new").rename(note.with_suffix(".note"))
        if driving.id == "unlucky" and not tries:
            os.kill(os.getpid(), signal.SIGKILL)
        if driving.id == "endless" or (driving.id == "lost" and not tries):
            time.sleep(600)
        return Copy.open(self, driving, settings)


def tried(notes, clip):
    """Machine, process and its child of every try at a clip."""
    found = [path.read_text().split() for path in sorted(notes.glob(f"{clip}-*.note"))]
    return [(machine, int(process), int(child)) for machine, process, child in found]


@dataclass(frozen=True, slots=True)
class FaultyPlan(ModelPlan):
    """`unseen` is what no machine of the cluster sees."""

    notes: Path = Path()
    unseen: Path = Path("/nowhere")

    def load(self, device):
        seen = Input.is_here
        Input.is_here = lambda each: not each.path.is_relative_to(self.unseen) and seen(each)
        return ModelOrigin(Faulty(notes=self.notes))
