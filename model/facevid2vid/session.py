"""face-vid2vid at work on one clip: driving frames in, predicted frames of every setting out."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.compute.frame_values import FrameValues
from bench.compute.transient import out_of_memory
from bench.errors import BenchError, PredictionError
from bench.settings import Setting
from model.facevid2vid.animator import Animator
from model.facevid2vid.best_frame import find_best_frame, frame_at
from model.facevid2vid.geometry import Keypoints, transform_keypoints
from model.facevid2vid.motion import adapted_scale, angle_between, euler_degrees, measured_rotation, relative_keypoints
from model.facevid2vid.pose_estimator import Pose
from model.interface import Driving, SettingReport

log = logging.getLogger(__name__)

UNTURNED = 0.01
"""Degrees below which a rotation is float noise: a free view that stays within it of the original did not turn."""

_ORIGINAL = Setting()


class FaceVid2VidSession:
    """A `model.interface.Session`; see there. Work on the source is done in the constructor."""

    def __init__(self, animator: Animator, driving: Driving, settings: Sequence[Setting]) -> None:
        self._animator, self._clip, self._settings = animator, driving.id, tuple(settings)
        self._rotations: dict[Setting, FrameValues[np.float64]] = {
            setting: FrameValues(shape=(3, 3)) for setting in (_ORIGINAL, *settings)
        }
        self._initial: tuple[Keypoints, Tensor, float] | None = None
        with animator.computing():
            image = animator.images(driving.source[None])
            self._canonical = animator.detector(image)
            pose: Pose = animator.estimator(image)
            self._source = self._posed(pose)
            self._source_expression = pose.expression
            self._appearance = animator.generator.source(image, self._source)
            if animator.options.motion == "relative" and animator.options.best_frame is not None:
                self._begin_at(self._best_frame(driving))

    def step(self, driving: Tensor) -> Mapping[Setting, Tensor]:
        """(T, 3, H, W) uint8 driving frames → for every setting as many predicted frames, uint8.

        Raises:
            PredictionError: a predicted frame is not finite.
            BenchError: memory does not suffice for a single frame.
        """
        predicted = {setting: torch.empty_like(driving, device="cpu") for setting in self._settings}
        if self._animator.options.motion == "relative" and self._initial is None and len(driving):
            with self._animator.computing():
                self._begin_at(driving[0])
        start = 0
        while start < len(driving):
            part = slice(start, min(start + self._animator.batch_size, len(driving)))
            try:
                images, rotations = self._animate(driving[part])
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self._animator.halve_batch(self._clip)
                continue
            for setting, image in images.items():
                predicted[setting][part] = image
            for setting, rotation in rotations.items():
                self._rotations[setting].add(rotation)
            start = part.stop
        return predicted

    def close(self) -> Mapping[Setting, SettingReport]:
        """The keypoint pose of every frame under every setting; an error where a free view did not turn the head."""
        rotations = {setting: measured.array() for setting, measured in self._rotations.items()}
        del self._appearance
        return {setting: self._report(setting, rotations) for setting in self._settings}

    def _animate(self, frames: Tensor) -> tuple[dict[Setting, Tensor], dict[Setting, NDArray[np.float64]]]:
        animator = self._animator
        images: dict[Setting, Tensor] = {}
        rotations: dict[Setting, NDArray[np.float64]] = {}
        with animator.computing():
            pose: Pose = animator.estimator(animator.images(frames))
            for setting in self._rotations:
                driven = self._posed(pose, setting)
                keypoints, expression = self._moved(driven, pose.expression)
                rotations[setting] = measured_rotation(keypoints.value - expression, self._canonical.value[0])
                if setting in self._settings:
                    images[setting] = self._eight_bit(animator.animate(self._appearance, keypoints), setting)
        return images, rotations

    def _posed(self, pose: Pose, setting: Setting = _ORIGINAL) -> Keypoints:
        """The source's canonical keypoints under a driver's expression and the pose that the setting makes of his."""
        angles = []
        for wanted, driven in ((setting.yaw, pose.yaw), (setting.pitch, pose.pitch), (setting.roll, pose.roll)):
            if wanted is None:
                angles.append(driven)
            elif setting.mode == "relative":
                angles.append(driven + wanted)
            else:
                angles.append(torch.full_like(driven, wanted))
        rotation = self._animator.rotation(*angles)
        return transform_keypoints(self._canonical, rotation, pose.translation, pose.expression)

    def _moved(self, driven: Keypoints, expression: Tensor) -> tuple[Keypoints, Tensor]:
        """The keypoints to animate and the expression in them."""
        if self._initial is None:
            return driven, expression
        initial, initial_expression, scale = self._initial
        moved = relative_keypoints(driven, initial, self._source, scale)
        return moved, (expression - initial_expression) * scale + self._source_expression

    def _begin_at(self, frame: Tensor) -> None:
        """Take a (3, H, W) driving frame, in its own pose, as the start of relative motion."""
        animator = self._animator
        pose: Pose = animator.estimator(animator.images(frame[None]))
        initial = self._posed(pose)
        scale = 1.0
        if animator.options.adapt_scale:
            scale = adapted_scale(self._source.value[0], initial.value[0])
        self._initial = initial, pose.expression, scale

    def _best_frame(self, driving: Driving) -> Tensor:
        options = self._animator.options
        if driving.reopen is None:
            raise BenchError(
                f"clip {driving.id}: its driving frames cannot be read twice, which the best frame needs: "
                "leave --best-frame out"
            )
        if isinstance(options.best_frame, int):
            return frame_at(driving.id, driving.reopen(), options.best_frame)
        if options.landmarks is None:
            raise BenchError("best-frame search needs a landmark detector: give the best frame's number instead")
        index, frame = find_best_frame(driving.id, driving.source, driving.reopen(), options.landmarks)
        log.info("clip %s: best frame %d", driving.id, index)
        return frame

    def _eight_bit(self, image: Tensor, setting: Setting) -> Tensor:
        if not torch.isfinite(image).all():
            raise PredictionError(
                f"clip {self._clip}, setting {setting}: the model predicted NaN under precision "
                f"{self._animator.options.precision}: use --precision fp32, or check the checkpoint"
            )
        return (image * 255).round().to(torch.uint8).cpu()

    def _report(self, setting: Setting, rotations: Mapping[Setting, NDArray[np.float64]]) -> SettingReport:
        rotation = rotations[setting]
        angles = euler_degrees(rotation, legacy=self._animator.legacy)
        names = ("model_yaw", "model_pitch", "model_roll")
        per_frame = {name: angles[:, index] for index, name in enumerate(names)}
        error = None
        if not setting.is_original and len(rotation):
            turned = float(angle_between(rotation, rotations[_ORIGINAL]).max())
            if turned < UNTURNED:
                error = (
                    f"clip {self._clip}: setting {setting} left the head as it is driven (its keypoints turn by "
                    f"{turned:.1e} degrees at most): ask for other angles"
                )
        return SettingReport(per_frame, error)
