"""Which network some tensors are of, by their names: for the sentence about a file that is another's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_NETWORKS: Final[dict[str, tuple[str, ...]]] = {
    "face-vid2vid": ("he_estimator.", "kp_detector.kp.weight", "generator.resblocks_3d.", "generator.first.conv."),
    "the First Order Motion Model": (
        *("generator.first.conv.", "generator.bottleneck.", "kp_detector.kp.weight", "kp_detector.predictor.encoder."),
        "generator.dense_motion_network.",
    ),
    "the Thin-Plate Spline Motion Model": (
        "kp_detector.fg_encoder.",
        "dense_motion_network.hourglass.",
        "bg_predictor.",
    ),
    "Wav2Lip": ("face_encoder_blocks.", "face_decoder_blocks.", "audio_encoder.0.conv_block.", "output_block."),
    "Wav2Lip's expert discriminator": ("face_encoder.0.conv_block.", "audio_encoder.0.conv_block.0.weight"),
    "SyncNet v2 (weights 'syncnet')": ("netcnnaud.", "netcnnlip.", "netfcaud.", "netfclip."),
    "S3FD (weights 's3fd')": ("vgg.0.weight", "L2Norm3_3.", "extras.", "loc.", "conf."),
    "FID's Inception (weights 'inception')": ("Conv2d_1a_3x3.", "Mixed_5b.", "Mixed_7c.", "fc."),
    "AlexNet (weights 'alexnet')": ("features.0.weight", "features.10.weight", "classifier.1.weight", "!features.28."),
    "VGG-16 (weights 'vgg16')": ("features.0.weight", "features.28.weight", "classifier.0.weight", "!features.34."),
    "LPIPS' linear heads": ("lin0.model.1.weight", "lin4.model.1.weight"),
    "Hopenet, the pose estimator": ("fc_yaw.", "fc_pitch.", "fc_roll.", "layer1.0.conv1.", "conv1.weight"),
    "a ResNet": ("conv1.weight", "layer1.0.conv1.weight", "layer4.0.conv1.weight", "fc.weight", "!fc_yaw."),
    "LivePortrait": ("motion_extractor", "appearance_feature_extractor", "warping_module", "spade_generator"),
    "a diffusion model's U-Net": ("down_blocks.0.resnets.", "mid_block.", "up_blocks.0.resnets.", "time_embedding."),
    "Stable Diffusion": ("model.diffusion_model.", "first_stage_model.", "cond_stage_model."),
    "a transformer": ("layers.0.", "self_attn.q_proj."),
    "GFPGAN": ("stylegan_decoder.", "conv_body_first.", "toRGB."),
    "an ArcFace network": ("layer1.0.prelu.weight", "layer4.0.prelu.weight", "features.weight"),
}
"""Name → parts of tensor names that it has, and (after a !) that it has not."""


def nearest(names: Iterable[str]) -> str | None:
    """The known network of which most signs are among `names`; None where no one has more than half of them.

    Example:
        >>> nearest(["netcnnaud.0.weight", "netcnnlip.0.weight", "netfcaud.0.weight", "netfclip.0.weight"])
        "SyncNet v2 (weights 'syncnet')"
    """
    text = "\n" + "\n".join(names)

    def share(signs: tuple[str, ...]) -> float:
        return sum((sign.removeprefix("!") in text) != sign.startswith("!") for sign in signs) / len(signs)

    best = max(_NETWORKS, key=lambda name: share(_NETWORKS[name]))
    return best if share(_NETWORKS[best]) > 0.6 else None
