"""One peer package at a time, used as people use it; each call is a process of its own.

python benchmarks/peers.py NAME WEIGHTS_FOLDER ARGUMENTS...   prints its value as JSON
python benchmarks/peers.py many WEIGHTS_FOLDER FILE           a list of values; FILE lists [NAME, ARGUMENTS...] as JSON

It imports nothing of this project. Where a package would fetch weights it gets pseudo-random ones of the same shapes.
Frames are a video file or a folder of PNG files; metrics of frames print one value a frame.
"""

import json
import sys
import wave
from functools import cache
from pathlib import Path


def decode(frames):
    """(T, H, W, 3) uint8 RGB."""
    import av
    import numpy as np
    from PIL import Image

    if Path(frames).is_dir():
        return np.stack([np.asarray(Image.open(path)) for path in pngs(frames)])
    with av.open(frames) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def pngs(folder):
    return sorted(Path(folder).glob("*.png"))


def arrays(score, ref, pred):
    """A value a frame of a function of two (H, W, 3) uint8 arrays."""
    return [float(score(a, b)) for a, b in zip(decode(ref), decode(pred), strict=True)]


def tensors(score, *sides, scale=255):
    """A value a frame of a function of (1, 3, H, W) float32 tensors in [0, 255 / scale]."""
    import torch

    def tensor(frame):
        return torch.from_numpy(frame).permute(2, 0, 1)[None].float().contiguous() / scale

    with torch.no_grad():
        return [float(score(*map(tensor, frame))) for frame in zip(*map(decode, sides), strict=True)]


def frames(weights, video, folder):
    """What `ffmpeg -i video folder/%04d.png` does."""
    from PIL import Image

    Path(folder).mkdir(parents=True)
    for index, frame in enumerate(decode(video)):
        Image.fromarray(frame).save(Path(folder) / f"{index:04d}.png", compress_level=1)


def l1(weights, ref, pred):
    import numpy as np

    return arrays(lambda a, b: np.abs(a.astype(np.float32) - b.astype(np.float32)).mean() / 255, ref, pred)


def l1_torchmetrics(weights, ref, pred):
    from torchmetrics.functional import mean_absolute_error

    return tensors(mean_absolute_error, ref, pred)


def psnr(weights, ref, pred):
    from skimage.metrics import peak_signal_noise_ratio

    return arrays(peak_signal_noise_ratio, ref, pred)


def psnr_torchmetrics(weights, ref, pred):
    from torchmetrics.functional.image import peak_signal_noise_ratio

    return tensors(lambda a, b: peak_signal_noise_ratio(b, a, data_range=1.0), ref, pred)


def psnr_gray(weights, ref, pred):
    from skimage.metrics import peak_signal_noise_ratio

    return arrays(lambda a, b: peak_signal_noise_ratio(gray(a), gray(b)), ref, pred)


def gray(frame):
    import cv2

    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def ssim(weights, ref, pred):
    from skimage.metrics import structural_similarity

    options = {"channel_axis": 2, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return arrays(lambda a, b: structural_similarity(a, b, data_range=255, **options), ref, pred)


def ssim_gray(weights, ref, pred):
    from skimage.metrics import structural_similarity

    return arrays(lambda a, b: structural_similarity(gray(a), gray(b)), ref, pred)


def ssim_pytorch_msssim(weights, ref, pred):
    from pytorch_msssim import ssim as package

    return tensors(lambda a, b: package(a, b, data_range=255), ref, pred, scale=1)


def ssim_torchmetrics(weights, ref, pred):
    from torchmetrics.functional.image import structural_similarity_index_measure

    return tensors(lambda a, b: structural_similarity_index_measure(b, a, data_range=1.0), ref, pred)


def ms_ssim(weights, ref, pred):
    from pytorch_msssim import ms_ssim as package

    return tensors(lambda a, b: package(a, b, data_range=255), ref, pred, scale=1)


def ms_ssim_torchmetrics(weights, ref, pred):
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    return tensors(lambda a, b: multiscale_structural_similarity_index_measure(b, a, data_range=1.0), ref, pred)


def lpips(weights, ref, pred):
    """The loop of the package's lpips_2dirs.py: one pair of files after the other."""
    import lpips as package

    network = trunk(package.LPIPS(net="alex", pnet_rand=True, verbose=False), weights, "alexnet")
    return _pairs_of_files(network, ref, pred)


def lpips_vgg(weights, ref, pred):
    import lpips as package

    network = trunk(package.LPIPS(net="vgg", pnet_rand=True, verbose=False), weights, "vgg16")
    return _pairs_of_files(network, ref, pred)


def lpips_torchmetrics(weights, ref, pred):
    from torchmetrics.functional.image import lpips as package

    network = trunk(package._NoTrainLpips(net="alex", pnet_rand=True), weights, "alexnet")
    return tensors(lambda a, b: network(a, b, normalize=True), ref, pred)


def trunk(network, weights, name):
    """The network with these weights below its own linear heads."""
    import torch

    found = torch.load(Path(weights) / f"{name}.pth")
    state = network.state_dict()
    for key in state:
        if key.startswith("net.slice"):
            state[key] = found["features." + ".".join(key.split(".")[2:])]
    network.load_state_dict(state)
    return network.eval()


def _pairs_of_files(network, ref, pred):
    import lpips as package

    values = []
    for first, second in zip(pngs(ref), pngs(pred), strict=True):
        a, b = (package.im2tensor(package.load_image(str(path))) for path in (first, second))
        values.append(float(network.forward(a, b)))
    return values


def niqe(weights, folder):
    import pyiqa

    metric = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=str(Path(weights) / "niqe.mat"))
    return [float(metric(str(path))) for path in pngs(folder)]


def niqe_skvideo(weights, folder):
    """scikit-video 1.1.11 as it is, on the names that it uses and that numpy and scipy have since removed."""
    import numpy as np
    import scipy.misc
    from PIL import Image

    def imresize(picture, size, interp, mode):
        """What scipy 1.2 had, for the one call that is made."""
        assert (size, interp, mode) == (0.5, "bicubic", "F")
        height, width = picture.shape
        return np.asarray(Image.fromarray(picture).resize((width // 2, height // 2), Image.Resampling.BICUBIC))

    vars(np).update(int=int, float=float)
    scipy.misc.imresize = imresize
    from skvideo.measure import niqe as package

    return [float(value) for frame in decode(folder) for value in package(gray(frame)[None])]


def fid(weights, ref, pred):
    from pytorch_fid import fid_score

    pytorch_fid(weights)
    return [float(fid_score.calculate_fid_given_paths([ref, pred], 50, "cpu", 2048, num_workers=2))]


def features(weights, folder):
    """pytorch-fid's activations, frame after frame."""
    return [float(value) for value in activations(weights, folder).flatten()]


def kid(weights, ref, pred):
    """torch-fidelity's estimator on pytorch-fid's activations: whole sets, and 100 subsets of half of them."""
    import torch
    from torch_fidelity.metric_kid import kid_features_to_metric

    sides = [torch.from_numpy(activations(weights, side)) for side in (pred, ref)]
    size = len(sides[0])
    whole = kid_features_to_metric(*sides, kid_subsets=1, kid_subset_size=size, verbose=False)
    halves = kid_features_to_metric(*sides, kid_subsets=100, kid_subset_size=size // 2, verbose=False)
    return {name: [found["kernel_inception_distance_mean"]] for name, found in (("whole", whole), ("halves", halves))}


def torch_fidelity(weights, ref, pred):
    """FID and KID of the package's own command, with its own resize."""
    from torch_fidelity import calculate_metrics

    options = {"fid": True, "kid": True, "kid_subsets": 1, "kid_subset_size": len(pngs(ref)), "cuda": False}
    path = str(Path(weights) / "inception.pth")
    found = calculate_metrics(input1=pred, input2=ref, feature_extractor_weights_path=path, verbose=False, **options)
    return {"fid": [found["frechet_inception_distance"]], "kid": [found["kernel_inception_distance_mean"]]}


def fid_torchmetrics(weights, ref, pred):
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature_extractor_weights_path=str(Path(weights) / "inception.pth"))
    metric.set_dtype(torch.float64)
    for folder, real in ((ref, True), (pred, False)):
        metric.update(torch.from_numpy(decode(folder)).permute(0, 3, 1, 2), real=real)
    return [float(metric.compute())]


def fid_formula_torchmetrics(weights, ref, pred):
    """torchmetrics' formula on pytorch-fid's activations."""
    import numpy as np
    import torch
    from torchmetrics.image.fid import _compute_fid

    sides = [activations(weights, side).astype(np.float64) for side in (ref, pred)]
    moments = [torch.from_numpy(part) for side in sides for part in (side.mean(0), np.cov(side, rowvar=False))]
    return [float(_compute_fid(*moments))]


def activations(weights, folder):
    from pytorch_fid import fid_score

    return fid_score.get_activations(pngs(folder), pytorch_fid(weights), 50, 2048, "cpu", num_workers=2)


@cache
def pytorch_fid(weights):
    """The package's network with the given weights."""
    import torch
    from pytorch_fid import inception

    inception.load_state_dict_from_url = lambda *args, **options: torch.load(Path(weights) / "inception.pth")
    return inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[2048]])


def library(weights, name, *sides):
    """`piq:NAME` or `pyiqa:NAME`, called as its own documentation does: the reference comes last."""
    sides = sides[::-1]
    package, _, metric = name.partition(":")
    if package == "piq":
        import piq

        return tensors(lambda *frame: getattr(piq, metric)(*frame), *sides)
    import pyiqa

    made = pyiqa.create_metric(metric, device="cpu")
    return tensors(made, *sides)


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
    return _syncnet(weights, folder)[0]


def sync(weights, folder):
    """The same with what it was made of: cepstra, distances, the embeddings of every tenth window."""
    verdict, (lip, audio, distances), cepstra = _syncnet(weights, folder)
    whole = {"mfcc": cepstra, "lip": lip[::10], "audio": audio[::10], "distances": distances}
    return {name: [value] for name, value in verdict.items()} | {
        name: [float(value) for value in array.flatten()] for name, array in whole.items()
    }


def _syncnet(weights, folder):
    import importlib.util
    from types import SimpleNamespace

    # The package's own __init__ imports its whole pipeline; the scoring needs two of its files.
    place = Path(importlib.util.find_spec("syncnet_python").origin).parent
    sys.path.insert(0, str(place))
    import python_speech_features
    import SyncNetInstance as package
    import torch
    from SyncNetModel import S

    seen = []

    def listening(function):
        def call(*arguments, **options):
            found = function(*arguments, **options)
            seen.append((arguments, found))
            return found

        return call

    scorer = package.SyncNetInstance(net=S(), device="cpu")
    scorer.loadParameters(Path(weights) / "syncnet.pth")
    plain = package.calc_pdist, python_speech_features.mfcc
    package.calc_pdist, python_speech_features.mfcc = map(listening, plain)
    sys.stdout = sys.stderr  # it prints
    with torch.no_grad():
        offset, confidence, distance = scorer.evaluate(SimpleNamespace(tmp_dir=folder, batch_size=20, vshift=15))
    sys.stdout = sys.__stdout__
    package.calc_pdist, python_speech_features.mfcc = plain
    (_, cepstra), ((lip, audio), distances) = seen
    verdict = {"lse_c": confidence, "lse_d": distance, "av_offset": offset}
    return verdict, (lip, audio, torch.stack(distances)), cepstra


PEERS = {
    peer.__name__: peer
    for peer in (
        *(frames, crops, l1, l1_torchmetrics, psnr, psnr_torchmetrics, psnr_gray),
        *(ssim, ssim_pytorch_msssim, ssim_torchmetrics, ssim_gray, ms_ssim, ms_ssim_torchmetrics),
        *(lpips, lpips_vgg, lpips_torchmetrics, niqe, niqe_skvideo),
        *(fid, fid_formula_torchmetrics, fid_torchmetrics, features, kid, torch_fidelity, lse, sync, library),
    )
}


def many(weights, file):
    """The values of many calls of one package; a call that fails has {"error": why} instead."""
    found = []
    for name, *arguments in json.loads(Path(file).read_text()):
        try:
            found.append(PEERS[name](weights, *arguments))
        except Exception as error:
            found.append({"error": f"{type(error).__name__}: {error}"})
    return found


if __name__ == "__main__":
    print(json.dumps((PEERS | {"many": many})[sys.argv[1]](*sys.argv[2:])))
