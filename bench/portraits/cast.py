"""The suite `demo`: its four people and six clips, with every seed written down."""

from __future__ import annotations

from dataclasses import dataclass

from bench.portraits.acting.performance import Direction
from bench.portraits.body.identity import Identity

FPS = 25
VIEW = (30.0, 10.0, 0.0)
VIEW_NAME = "30,10,0"

ADA = Identity(
    name="ada",
    seed=101,
    skin=(0.62, 0.40, 0.31),
    hair_colour=(0.115, 0.045, 0.018),
    eye_colour=(0.10, 0.17, 0.12),
    lip_colour=(0.50, 0.17, 0.15),
    cloth_colour=(0.05, 0.13, 0.22),
    second_colour=(0.55, 0.52, 0.46),
    hair="long",
    hair_volume=1.05,
    clothes="striped",
    background="bookshelf",
    freckles=0.55,
    age=0.15,
    makeup=0.45,
    brows=0.95,
    face_width=0.97,
    jaw_width=0.92,
    chin_width=0.92,
    brow_ridge=0.3,
    nose_width=0.92,
    neck_width=0.86,
    lip_fullness=1.08,
    key=-38,
    key_height=34,
    key_warmth=0.45,
    voice="en-us+f2",
    voice_pitch=58,
    voice_speed=165,
)
BEN = Identity(
    name="ben",
    seed=102,
    skin=(0.56, 0.34, 0.25),
    hair_colour=(0.06, 0.032, 0.017),
    eye_colour=(0.12, 0.20, 0.28),
    lip_colour=(0.42, 0.17, 0.14),
    cloth_colour=(0.30, 0.36, 0.44),
    second_colour=(0.06, 0.08, 0.13),
    hair="swept",
    beard="full",
    clothes="shirt",
    background="window",
    age=0.6,
    brows=1.15,
    face_width=1.02,
    jaw_width=1.07,
    chin_width=1.1,
    brow_ridge=1.3,
    nose_length=1.15,
    key=42,
    key_height=30,
    key_warmth=-0.1,
    voice="en-us+m3",
    voice_pitch=38,
    voice_speed=165,
    neck_width=1.06,
)
CHIDI = Identity(
    name="chidi",
    seed=103,
    skin=(0.165, 0.083, 0.050),
    hair_colour=(0.014, 0.011, 0.010),
    eye_colour=(0.045, 0.020, 0.010),
    lip_colour=(0.20, 0.075, 0.06),
    cloth_colour=(0.42, 0.27, 0.07),
    second_colour=(0.20, 0.10, 0.02),
    hair="buzz",
    glasses="square",
    beard="stubble",
    clothes="knit",
    background="bokeh",
    age=0.35,
    brows=1.1,
    face_width=1.01,
    jaw_width=1.04,
    nose_width=1.18,
    lip_fullness=1.25,
    brow_ridge=1.1,
    key=-45,
    key_height=38,
    key_warmth=0.2,
    voice="en-us+m7",
    voice_pitch=45,
    voice_speed=160,
    neck_width=1.05,
)
MEI = Identity(
    name="mei",
    seed=104,
    skin=(0.60, 0.41, 0.29),
    hair_colour=(0.012, 0.009, 0.009),
    eye_colour=(0.05, 0.022, 0.010),
    lip_colour=(0.50, 0.14, 0.14),
    cloth_colour=(0.34, 0.07, 0.09),
    second_colour=(0.5, 0.4, 0.4),
    hair="bob",
    clothes="tee",
    background="panels",
    age=0.2,
    makeup=0.7,
    brows=0.9,
    face_width=1.02,
    jaw_width=0.95,
    chin_width=0.88,
    nose_width=1.0,
    nose_bridge=0.75,
    brow_ridge=0.2,
    eye_open=0.86,
    eye_tilt=1.3,
    neck_width=0.86,
    key=30,
    key_height=36,
    key_warmth=0.3,
    voice="en-us+f4",
    voice_pitch=62,
    voice_speed=165,
)
PEOPLE = (ADA, BEN, CHIDI, MEI)


@dataclass(frozen=True, slots=True)
class Take:
    """One clip of the suite. `shift` is by how many frames its sound is late; an empty `text` is a silent clip."""

    id: str
    person: Identity
    seed: int
    text: str
    direction: Direction
    shift: int = 0
    frames: int = 0

    @property
    def voiced(self) -> bool:
        """Whether the clip has sound; the others have a track of digital silence."""
        return bool(self.text)


TAKES = (
    Take("ada_01", ADA, 1, "My mother bought a purple balloon at the farm.", Direction((-3, 1, 1), smile=0.2)),
    Take("ada_02", ADA, 2, "People who play the piano may be able to hum.", Direction((6, -2, -2), yaw=12), shift=5),
    Take("ben_01", BEN, 3, "Five big boats moved from the bay before noon.", Direction((4, 0, 2), yaw=11, pitch=6)),
    Take("chidi_01", CHIDI, 4, "We both remember the warm summer of your visit.", Direction((-6, 2, -1), yaw=10)),
    Take("chidi_02", CHIDI, 5, "", Direction((2, 0, 0), yaw=14, pitch=7, roll=5, smile=0.15, listens=True), frames=65),
    Take(
        "mei_01", MEI, 6, "Please bring my umbrella and the map by Monday.", Direction((3, 1, -2), yaw=10, smile=0.25)
    ),
)
