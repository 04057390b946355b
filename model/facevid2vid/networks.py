"""The networks of one face-vid2vid checkpoint, together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.discriminator import Discriminator
from model.facevid2vid.generator import Generator
from model.facevid2vid.geometry import Keypoints, rotation_matrix, transform_keypoints
from model.facevid2vid.keypoint_detector import KeypointDetector
from model.facevid2vid.pose_estimator import Pose, PoseEstimator

NETWORKS: Mapping[str, type[nn.Module]] = {
    "generator": Generator,
    "kp_detector": KeypointDetector,
    "he_estimator": PoseEstimator,
    "discriminator": Discriminator,
}
"""Name in the checkpoint → network. The last is needed for training only."""

INFERENCE = ("generator", "kp_detector", "he_estimator")


class Networks(nn.Module):
    """Generator, keypoint detector and pose estimator; attribute names are those of the checkpoint."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.generator = Generator(architecture)
        self.kp_detector = KeypointDetector(architecture)
        self.he_estimator = PoseEstimator(architecture)

    def keypoints(self, canonical: Keypoints, pose: Pose) -> Keypoints:
        """Canonical keypoints under the pose and expression of B faces."""
        rotation = rotation_matrix(pose.yaw, pose.pitch, pose.roll, legacy=self.architecture.legacy)
        return transform_keypoints(canonical, rotation, pose.translation, pose.expression)


def build(architecture: Architecture, state: Mapping[str, Mapping[str, Tensor]]) -> Networks:
    """The inference networks in evaluation mode, around the tensors of `state` (not copied)."""
    with torch.device("meta"):
        networks = Networks(architecture)
    for name in INFERENCE:
        network = cast(nn.Module, getattr(networks, name))
        network.load_state_dict({key: tensor.clone() for key, tensor in state[name].items()}, assign=True)
    networks.eval()
    return networks.requires_grad_(False)
