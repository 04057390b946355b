"""One peer package at a time, used as people use it; each call is a process of its own.

python benchmarks/peers.py NAME WEIGHTS_FOLDER ARGUMENTS...   prints its value as JSON

It imports nothing of this project. Where a package would fetch weights it gets pseudo-random ones of the same shapes.
"""

import json
import sys
import wave
from pathlib import Path


def decode(video):
    """(T, H, W, 3) uint8 RGB."""
    import av
    import numpy as np

    with av.open(video) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def pngs(folder):
    return sorted(Path(folder).glob("*.png"))


def frames(weights, video, folder):
    """What `ffmpeg -i video folder/%04d.png` does."""
    from PIL import Image

    Path(folder).mkdir(parents=True)
    for index, frame in enumerate(decode(video)):
        Image.fromarray(frame).save(Path(folder) / f"{index:04d}.png", compress_level=1)


def l1(weights, ref, pred):
    import numpy as np

    pairs = zip(decode(ref), decode(pred), strict=True)
    return float(np.mean([np.abs(a.astype(np.float32) - b.astype(np.float32)).mean() for a, b in pairs]) / 255)


def psnr(weights, ref, pred):
    import numpy as np
    from skimage.metrics import peak_signal_noise_ratio

    return float(np.mean([peak_signal_noise_ratio(a, b) for a, b in zip(decode(ref), decode(pred), strict=True)]))


def ssim(weights, ref, pred):
    import numpy as np
    from skimage.metrics import structural_similarity

    options = {"channel_axis": 2, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    pairs = zip(decode(ref), decode(pred), strict=True)
    return float(np.mean([structural_similarity(a, b, data_range=255, **options) for a, b in pairs]))


def ms_ssim(weights, ref, pred):
    import torch
    from pytorch_msssim import ms_ssim as package

    values = []
    for a, b in zip(decode(ref), decode(pred), strict=True):
        x, y = (torch.from_numpy(frame).permute(2, 0, 1)[None].float() for frame in (a, b))
        values.append(float(package(x, y, data_range=255)))
    return sum(values) / len(values)


def lpips(weights, ref, pred):
    """The loop of the package's lpips_2dirs.py: one pair of files after the other."""
    import lpips as package
    import torch

    network = package.LPIPS(net="alex", pnet_rand=True, verbose=False)
    trunk = torch.load(Path(weights) / "alexnet.pth")
    state = network.state_dict()
    for name in state:
        if name.startswith("net.slice"):
            state[name] = trunk["features." + ".".join(name.split(".")[2:])]
    network.load_state_dict(state)
    values = []
    for first, second in zip(pngs(ref), pngs(pred), strict=True):
        a, b = (package.im2tensor(package.load_image(str(path))) for path in (first, second))
        values.append(float(network.forward(a, b)))
    return sum(values) / len(values)


def niqe(weights, folder):
    import pyiqa

    metric = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=str(Path(weights) / "niqe.mat"))
    values = [float(metric(str(path))) for path in pngs(folder)]
    return sum(values) / len(values)


def fid(weights, ref, pred):
    import torch
    from pytorch_fid import fid_score, inception

    inception.load_state_dict_from_url = lambda *args, **options: torch.load(Path(weights) / "inception.pth")
    return float(fid_score.calculate_fid_given_paths([ref, pred], 50, "cpu", 2048, num_workers=2))


def crops(weights, video, folder):
    """What the evaluation scripts let ffmpeg do: whole frames at 224x224 as JPEG, sound as 16 kHz mono."""
    import av
    import cv2
    import numpy as np

    Path(folder).mkdir(parents=True)
    for index, frame in enumerate(decode(video)):
        small = cv2.resize(frame[..., ::-1], (224, 224), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(Path(folder) / f"{index:06d}.jpg"), small)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
    with av.open(video) as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    parts += resampler.resample(None)
    with wave.open(str(Path(folder) / "audio.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(np.concatenate([part.to_ndarray()[0] for part in parts]).tobytes())


def lse(weights, folder):
    """SyncNet's scoring of prepared crops, without any face tracking."""
    import importlib.util
    from types import SimpleNamespace

    # The package's own __init__ imports its whole pipeline; the scoring needs two of its files.
    place = Path(importlib.util.find_spec("syncnet_python").origin).parent
    sys.path.insert(0, str(place))
    from SyncNetInstance import SyncNetInstance
    from SyncNetModel import S

    scorer = SyncNetInstance(net=S(), device="cpu")
    scorer.loadParameters(Path(weights) / "syncnet.pth")
    import torch

    sys.stdout = sys.stderr  # it prints
    with torch.no_grad():
        offset, confidence, distance = scorer.evaluate(SimpleNamespace(tmp_dir=folder, batch_size=20, vshift=15))
    sys.stdout = sys.__stdout__
    return {"lse_c": confidence, "lse_d": distance, "av_offset": offset}


PEERS = {peer.__name__: peer for peer in (frames, l1, psnr, ssim, ms_ssim, lpips, niqe, fid, crops, lse)}

if __name__ == "__main__":
    print(json.dumps(PEERS[sys.argv[1]](*sys.argv[2:])))
