"""Which variant a checkpoint is: read off its tensors as far as they tell, decided by a stated rule where they do not.

The public beta checkpoint is of September 2021. In November 2021 the code changed the rotation (5 November) and the 3-D
up and down blocks (18 November, with the SPADE generator) without changing a tensor's name or shape, so that today's
public code loads the beta checkpoint without complaint and computes something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from torch import Tensor

from bench.errors import WeightsError
from model.facevid2vid.architecture import Architecture

Variant = Literal["vox-256", "vox-256-beta", "vox-256-beta-legacy"]
"""The SPADE generator; the plain generator under the code's last state; the same under the code of October 2021."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a checkpoint says beside its tensors.

    `recorded` is the variant that this project wrote into it; `optimizer_keys` are the names in its optimizer's
    parameter group, None where it carries no optimizer.
    """

    recorded: str | None
    optimizer_keys: frozenset[str] | None


def choose_variant(
    path: Path, architecture: Architecture, evidence: Evidence, wanted: Variant | None
) -> tuple[Architecture, Variant, str]:
    """The variant and why; the first of these that applies decides.

    1. `wanted`, what the user asked for.
    2. What this project recorded in the file.
    3. A SPADE generator, or a detector with a shrunk input, exists in the current code only.
    4. A plain generator whose optimizer state has the entry `maximize` was trained with PyTorch 1.11 (March 2022) or
       later, that is, after the change: current.
    5. Otherwise legacy: the released beta checkpoint is older than the change.

    Raises:
        WeightsError: the variant asked for or recorded does not exist or does not go with the tensors.
    """
    for name, origin in ((wanted, "asked for"), (evidence.recorded, "recorded in the file")):
        if name is not None:
            return _named(path, architecture, name, origin)
    if architecture.decoder == "spade":
        return architecture, "vox-256", "told by its SPADE generator"
    if architecture.shrink > 1:
        return architecture, "vox-256-beta", "a plain generator, told current by its detector's shrunk input"
    if "maximize" in (evidence.optimizer_keys or ()):
        return architecture, "vox-256-beta", "told current by its optimizer state (PyTorch 1.11 or later)"
    return (
        replace(architecture, semantics="legacy"),
        "vox-256-beta-legacy",
        "the plain generator's released checkpoint is older than the code's change of November 2021 "
        "(for one trained with later code ask for variant vox-256-beta)",
    )


def _named(path: Path, architecture: Architecture, name: str, origin: str) -> tuple[Architecture, Variant, str]:
    for variant in get_args(Variant):
        if name == variant:
            if (variant == "vox-256") != (architecture.decoder == "spade"):
                raise WeightsError(
                    f"variant '{name}', {origin}, does not go with checkpoint '{path}', which has the "
                    f"{architecture.decoder} generator: leave the variant out to have it told by the tensors"
                )
            legacy = variant == "vox-256-beta-legacy"
            return replace(architecture, semantics="legacy" if legacy else "current"), variant, origin
    raise WeightsError(f"variant '{name}', {origin} for checkpoint '{path}', is none of {', '.join(get_args(Variant))}")


def architecture_of(path: Path, networks: Mapping[str, Mapping[str, Tensor]]) -> Architecture:
    """Every width and switch that the tensors of generator, kp_detector and he_estimator show.

    Raises:
        WeightsError: a tensor that decides a width is missing or has no such shape.
    """
    try:
        return _architecture_of(networks)
    except KeyError as error:
        raise WeightsError(
            f"checkpoint '{path}' misses tensor '{error.args[0]}': it is not a face-vid2vid checkpoint"
        ) from error
    except (IndexError, ZeroDivisionError) as error:
        raise WeightsError(
            f"checkpoint '{path}' has tensors whose shapes fit no face-vid2vid network: it is of another architecture"
        ) from error


def _architecture_of(networks: Mapping[str, Mapping[str, Tensor]]) -> Architecture:
    generator = _Shapes("generator", networks["generator"])
    detector = _Shapes("kp_detector", networks["kp_detector"])
    pose = _Shapes("he_estimator", networks["he_estimator"])
    spade = any(name.startswith("decoder.") for name in networks["generator"])
    hourglass, predictor = "dense_motion_network.hourglass", "predictor"
    channels = generator["resblocks_3d.3dr0.conv1.weight"][0]
    architecture = Architecture(
        decoder="spade" if spade else "plain",
        keypoints=detector["kp.weight"][0],
        jacobian="jacobian.weight" in networks["kp_detector"],
        shrink=_shrink(networks["kp_detector"]),
        appearance=(generator["first.conv.weight"][0], *generator.widths("down_blocks.{}.conv.weight")),
        volume=(channels, generator["second.weight"][0] // channels),
        volume_blocks=len(generator.widths("resblocks_3d.3dr{}.conv1.weight")),
        compress=generator["dense_motion_network.compress.weight"][0],
        hourglass=(
            generator.widths(f"{hourglass}.decoder.up_blocks.{{}}.conv.weight")[-1],
            *generator.widths(f"{hourglass}.encoder.down_blocks.{{}}.conv.weight"),
        ),
        detector=(
            detector.widths(f"{predictor}.up_blocks.up{{}}.conv.weight")[-1],
            *detector.widths(f"{predictor}.down_blocks.down{{}}.conv.weight"),
        ),
        detector_depth=detector["predictor.conv.weight"][0] // detector["predictor.conv.weight"][1],
        pose=pose["conv1.weight"][0],
        bins=pose["fc_yaw.weight"][0],
        decoder_blocks=len(
            generator.widths("decoder.G_middle_{}.conv_0.weight_orig" if spade else "resblocks_2d.2dr{}.conv1.weight")
        ),
    )
    if spade:
        architecture = replace(
            architecture,
            spade=(
                generator["decoder.fc.weight"][0],
                generator["decoder.up_0.conv_1.weight_orig"][0],
                generator["decoder.up_1.conv_1.weight_orig"][0],
            ),
            spade_hidden=generator["decoder.up_0.norm_0.mlp_shared.0.weight"][0],
        )
    if "discriminator" in networks:
        widths = _Shapes("discriminator", networks["discriminator"]).widths("discs.1.down_blocks.{}.conv.weight_orig")
        architecture = replace(architecture, discriminator=widths)
    return architecture


def _shrink(detector: Mapping[str, Tensor]) -> int:
    """The anti-aliasing kernel is `2 round(2 (shrink - 1)) + 1` wide."""
    if "down.weight" not in detector:
        return 1
    return (detector["down.weight"].shape[-1] - 1) // 4 + 1


class _Shapes:
    """Shapes by name; a missing one is a KeyError with the whole name."""

    def __init__(self, network: str, state: Mapping[str, Tensor]) -> None:
        self.network, self.state = network, state

    def __getitem__(self, name: str) -> tuple[int, ...]:
        if name not in self.state:
            raise KeyError(f"{self.network}.{name}")
        return tuple(self.state[name].shape)

    def widths(self, pattern: str) -> tuple[int, ...]:
        """First dimensions of `pattern` with 0, 1, … as long as there is such a tensor; at least one."""
        widths = [self[pattern.format(0)][0]]
        while pattern.format(len(widths)) in self.state:
            widths.append(self[pattern.format(len(widths))][0])
        return tuple(widths)
