"""Who is portrayed: everything about a person and their surroundings that does not move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Hair = Literal["short", "swept", "long", "bob", "buzz", "curly", "bun"]
Beard = Literal["none", "stubble", "full"]
Glasses = Literal["none", "round", "square"]
Clothes = Literal["tee", "shirt", "knit", "striped"]
Background = Literal["bookshelf", "wall", "bokeh", "window", "panels"]
Colour = tuple[float, float, float]
"""Linear RGB reflectance."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One person. Shape factors are 1 for the average and colours are linear.

    `key` is the main light's azimuth in degrees, positive from the right of the image, `key_height` its elevation and
    `key_warmth` its colour from -1 (blue) to 1 (yellow). `voice` is espeak-ng's, `voice_speed` in words a minute.
    """

    name: str
    seed: int
    skin: Colour
    hair_colour: Colour
    eye_colour: Colour
    lip_colour: Colour
    cloth_colour: Colour
    second_colour: Colour
    hair: Hair = "short"
    hair_volume: float = 1.0
    beard: Beard = "none"
    glasses: Glasses = "none"
    clothes: Clothes = "tee"
    background: Background = "wall"
    freckles: float = 0.0
    age: float = 0.3
    makeup: float = 0.0
    brows: float = 1.0
    face_width: float = 1.0
    face_length: float = 1.0
    jaw_width: float = 1.0
    chin_width: float = 1.0
    chin: float = 1.0
    cheek: float = 1.0
    brow_ridge: float = 1.0
    nose_width: float = 1.0
    nose_length: float = 1.0
    nose_bridge: float = 1.0
    eye_distance: float = 1.0
    eye_open: float = 1.0
    eye_tilt: float = 0.0
    lip_fullness: float = 1.0
    neck_width: float = 1.0
    key: float = -35.0
    key_height: float = 35.0
    key_warmth: float = 0.2
    voice: str = "en-us"
    voice_pitch: int = 50
    voice_speed: int = 160

    @classmethod
    def random(cls, seed: int) -> Identity:
        """A person drawn at random; the same seed gives the same person."""
        rng = np.random.default_rng([seed, 11])
        darkness = rng.uniform() ** 1.2
        light, dark = np.array([0.66, 0.43, 0.33]), np.array([0.115, 0.058, 0.036])
        skin = np.exp(np.log(light) * (1 - darkness) + np.log(dark) * darkness) * rng.uniform(0.93, 1.07, 3)
        hairs: list[Colour] = [
            (0.012, 0.009, 0.008), (0.035, 0.018, 0.010), (0.09, 0.045, 0.02), (0.30, 0.19, 0.085), (0.20, 0.055, 0.02),
            (0.32, 0.31, 0.30),
        ]  # fmt: skip
        hair = hairs[int(rng.integers(0, 2 if darkness > 0.55 else len(hairs)))]
        eyes: list[Colour] = [(0.06, 0.026, 0.012), (0.12, 0.07, 0.03), (0.10, 0.14, 0.07), (0.12, 0.20, 0.28)]
        woman = bool(rng.uniform() < 0.5)
        styles: list[Hair] = ["long", "bob", "bun", "curly", "swept"] if woman else ["short", "swept", "buzz", "curly"]
        beards: list[Beard] = ["none"] if woman else ["none", "stubble", "full"]
        glasses: list[Glasses] = ["none", "none", "none", "round", "square"]
        clothes: list[Clothes] = ["tee", "shirt", "knit", "striped"]
        places: list[Background] = ["bookshelf", "wall", "bokeh", "window", "panels"]

        def near(spread: float) -> float:
            return float(np.clip(rng.normal(1, spread), 1 - 2 * spread, 1 + 2 * spread))

        def colour() -> Colour:
            """A dye: a random hue, seldom loud."""
            tint, grey = rng.uniform(0.02, 0.5, 3), rng.uniform(0.03, 0.4)
            red, green, blue = 0.45 * tint + 0.55 * grey
            return float(red), float(green), float(blue)

        return cls(
            name=f"person{seed}",
            seed=seed,
            skin=(float(skin[0]), float(skin[1]), float(skin[2])),
            hair_colour=hair,
            eye_colour=eyes[int(rng.integers(0, 2 if darkness > 0.55 else len(eyes)))],
            lip_colour=(float(skin[0] * 0.80), float(skin[1] * 0.52), float(skin[2] * 0.55)),
            cloth_colour=colour(),
            second_colour=colour(),
            hair=styles[int(rng.integers(len(styles)))],
            hair_volume=near(0.15),
            beard=beards[int(rng.integers(len(beards)))],
            glasses=glasses[int(rng.integers(len(glasses)))],
            clothes=clothes[int(rng.integers(len(clothes)))],
            background=places[int(rng.integers(len(places)))],
            freckles=float(max(0.0, rng.uniform(-1, 1)) * (1 - darkness)),
            age=float(rng.uniform(0, 0.9)),
            makeup=float(rng.uniform(0.2, 1)) if woman else 0.0,
            brows=near(0.15) * (0.85 if woman else 1.15),
            face_width=near(0.035),
            face_length=near(0.03),
            jaw_width=near(0.05) * (0.94 if woman else 1.05),
            chin_width=near(0.08) * (0.9 if woman else 1.1),
            chin=near(0.4),
            cheek=near(0.05),
            brow_ridge=near(0.15) * (0.3 if woman else 1.2),
            nose_width=near(0.08) * (1 + 0.2 * darkness),
            nose_length=near(0.2),
            nose_bridge=near(0.2),
            eye_distance=near(0.02),
            eye_open=near(0.07),
            eye_tilt=float(rng.normal(0, 0.6)),
            lip_fullness=near(0.12) * (1 + 0.2 * darkness),
            neck_width=near(0.04) * (0.86 if woman else 1.05),
            key=float(rng.choice([-1, 1]) * rng.uniform(15, 60)),
            key_height=float(rng.uniform(15, 50)),
            key_warmth=float(rng.uniform(-0.6, 0.8)),
            voice="en-us+f3" if woman else "en-us+m3",
            voice_pitch=int(rng.integers(35, 65)),
            voice_speed=int(rng.integers(140, 185)),
        )  # fmt: skip
