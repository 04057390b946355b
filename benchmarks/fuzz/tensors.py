"""Readers of tensors: checkpoints of every packing, arrays, kept features. No pickle's code may ever run."""

import hashlib
import io
import json
import pickle
import pickletools
import tarfile
import warnings
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

from benchmarks.fuzz import hostile, mutate
from benchmarks.fuzz.reader import Case, Reader, Thunk
from benchmarks.fuzz.results import safetensors

CANARY = b"cbenchmarks.fuzz.canary\nsing\n"
CALLS = (
    CANARY + b"(VX\ntR", b"(VX\nibenchmarks.fuzz.canary\nsing\n", b"(" + CANARY + b"o", CANARY + b")\x81",
    b"cos\nsystem\n(Vtouch x\ntR", b"cbuiltins\neval\n(V1\ntR", b"cbuiltins\nexec\n(V1\ntR", b"cposix\nsystem\n(Vtouch x\ntR",
    b"csubprocess\nPopen\n(Vtouch\ntR", b"cbuiltins\ngetattr\n(cos\nsystem\nVx\ntR", b"cnumpy.testing._private.utils\nrunstring\n(V1\n}tR",
    b"ctorch.serialization\nload\n(Vx\ntR", b"ctorch.hub\nload\n(Vx\nVy\ntR", b"cbdb\nBdb\n)R", b"cimportlib\nimport_module\n(Vbenchmarks.fuzz.canary\ntR",
    b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x02K\x03K\x04tR", b"ccopyreg\n_reconstructor\n(" + CANARY + b"cbuiltins\nobject\nNtR",
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85Vb\ntR", b"ccollections\nOrderedDict\n(](]tR",
    b"\x80\x02", b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x8a\xff", b"\x8b\xff\xff\xff\x7f", b"X\xff\xff\xff\x7f", b"B\xff\xff\xff\xff", b"T\xff\xff\xff\xff",
    b"I" + b"9" * 5000 + b"\n", b"L" + b"9" * 5000 + b"L\n", b"Fnan\n", b"I01\n", b"S'\\x00\n", b"V\\ud800\n", b"Pkey\n", b"Q", b"N.", b"((((((", b"]" * 3000,
    b"(" * 3000, b"]2a" * 300, b"h\x00", b"j\xff\xff\xff\xff", b"r\xff\xff\xff\xff", b"\x94", b"0", b"1", b"2", b"e", b"u", b"s", b"a", b"b", b"R", b"\x93", b"\x81", b"\x92",
)  # fmt: skip
"""Pieces of pickles: calls of what runs code, lengths beyond the file, memos that are not there, empty stacks."""


def opcodes(content: bytes, random: Random) -> bytes:
    """A pickle with some of its operations left out, doubled, exchanged or put in."""
    try:
        places = [place for _, _, place in pickletools.genops(content)] + [len(content)]
    except ValueError:
        return mutate.raw(content, random)
    steps = [content[begin:end] for begin, end in pairwise(places)]
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(steps))
        kind = random.randrange(6)
        if kind == 0:
            del steps[place]
        elif kind == 1:
            steps.insert(place, random.choice(steps))
        elif kind <= 3:
            steps.insert(place, random.choice(CALLS))
        elif kind == 4:
            other = random.randrange(len(steps))
            steps[place], steps[other] = steps[other], steps[place]
        else:
            steps[place] = mutate.raw(steps[place], random)
        if not steps:
            return b""
    return b"".join(steps)


def archive(content: bytes, random: Random) -> bytes:
    """A zip archive with a member changed, renamed, left out, packed or there twice."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = [(name, old.read(name)) for name in old.namelist()]
    for _ in range(random.choice((1, 1, 2))):
        place = random.randrange(len(members))
        name, data = members[place]
        kind = random.randrange(7)
        if kind <= 2:
            pickled = next((k for k, (each, _) in enumerate(members) if each.endswith(".pkl")), place)
            name, data = members[pickled]
            members[pickled] = (name, opcodes(data, random) if name.endswith(".pkl") else _array(data, random))
        elif kind == 3:
            members[place] = (name, _array(data, random))
        elif kind == 4:
            members[place] = (random.choice(hostile.TEXTS), data)
        elif kind == 5 and len(members) > 1:
            del members[place]
        else:
            members.append((name, mutate.raw(data, random)))
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as new:
        warnings.simplefilter("ignore")
        for name, data in members:
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode()[:60000])
            info.compress_type = random.choice((zipfile.ZIP_STORED,) * 6 + (zipfile.ZIP_DEFLATED,))
            new.writestr(info, data)
    return out.getvalue() if random.random() < 0.8 else mutate.raw(out.getvalue(), random)


def _array(data: bytes, random: Random) -> bytes:
    """A member: of numpy, its head changed, objects of which a pickle would be read; of others, the bytes."""
    if not data.startswith(b"\x93NUMPY") or random.random() < 0.3:
        return mutate.raw(data, random)
    length = int.from_bytes(data[8:10], "little")
    head = data[10 : 10 + length].decode("latin-1")
    old, new = random.choice(
        (("<f4", "|O"), ("<f4", "<U9999999"), ("<f4", "<f2"), ("(", "(99999999999, "), ("(", "(-1, "), ("False", "True"), ("{", "{'x': 1, "),
         ("'", '"'), ("<f4", "|V0"), ("<f4", "<M8[ns]"), (")", "L)"), ("(", "(" * 300), ("descr", "x"), ("<f4", "[('a', '<f4')]"))
    )  # fmt: skip
    changed = head.replace(old, new).encode("latin-1")
    body = data[10 + length :]
    if new == "|O":
        body = CALLS[0] + b"."
    return data[:8] + len(changed).to_bytes(2, "little") + changed + body


def tarred(members: list[tuple[str, bytes]], random: Random) -> bytes:
    """A tar archive whose members lie outside, are links or devices, or say a wrong size."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=random.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))) as packed:
        for name, data in members:
            entry = tarfile.TarInfo(
                name if random.random() < 0.6 else random.choice(hostile.TEXTS).replace("\0", "0")[:90] or "x"
            )
            entry.name = entry.name.encode("utf-8", "replace").decode()
            entry.type = random.choice(
                (tarfile.REGTYPE,) * 8
                + (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE)
            )
            entry.linkname = random.choice(("", "/etc/passwd", "../../x", name))
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return out.getvalue() if random.random() < 0.5 else mutate.raw(out.getvalue(), random)


def weights(home: Path) -> Case:
    import numpy as np
    import torch
    from safetensors.torch import save

    from bench.weights.content import complaint
    from bench.weights.state_dicts import load_tensors

    state = {
        "a.weight": torch.arange(6.0).reshape(2, 3),
        "b": torch.arange(4, dtype=torch.int64),
        "c": torch.ones(2).half(),
    }
    rich = {**state, "epoch": np.int64(3), "twin": state["a.weight"].t(), "p": torch.nn.Parameter(torch.ones(2))}
    zipped, legacy, arrays = (io.BytesIO() for _ in range(3))
    torch.save(rich, zipped)
    torch.save(state, legacy, _use_new_zipfile_serialization=False)
    np.savez(arrays, **{"a": np.ones((2, 3), np.float32), "b": np.arange(3)})
    tensors = save(state, {"note": json.dumps({"epoch": 1})})
    bare = pickle.dumps(state, 2)
    kinds = (".pth", ".pth", ".pth", ".old", ".old", ".pkl", ".pkl", ".safetensors", ".npz", ".tar", ".zip", "", ".raw")
    others = (zipped.getvalue(), legacy.getvalue(), tensors, arrays.getvalue(), bare)

    def case(random: Random, folder: Path) -> Thunk:
        kind = random.choice(kinds)
        path = folder / f"w{kind}"
        if kind == "":
            _unpacked(zipped.getvalue(), path, random)
            return lambda: load_tensors(path)
        if kind == ".pth":
            content = archive(zipped.getvalue(), random)
        elif kind == ".old":
            content = opcodes_of_several(legacy.getvalue(), random)
        elif kind == ".pkl":
            content = opcodes(bare, random)
        elif kind == ".safetensors":
            content = safetensors(tensors, random)
        elif kind == ".npz":
            content = archive(arrays.getvalue(), random)
        elif kind == ".tar":
            content = tarred([("w.pth", random.choice(others)), ("note.txt", b"x")], random)
        elif kind == ".zip":
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as new:
                new.writestr("w.pth", random.choice(others))
            content = archive(out.getvalue(), random)
        else:
            content = mutate.raw(random.choice(others), random, others)
        path.write_bytes(content)
        return lambda: (complaint(path), load_tensors(path))

    return case


def opcodes_of_several(content: bytes, random: Random) -> bytes:
    """A file of old torch: pickles behind one another, then numbers. One of the pickles is changed."""
    ends, begin = [], 0
    stream = io.BytesIO(content)
    for _ in range(5):
        try:
            for _ in pickletools.genops(stream):
                pass
        except ValueError:
            break
        ends.append((begin, stream.tell()))
        begin = stream.tell()
    first, last = random.choice(ends)
    return content[:first] + opcodes(content[first:last], random) + content[last:]


def _unpacked(content: bytes, path: Path, random: Random) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    chosen = random.choice(files)
    data = chosen.read_bytes()
    chosen.write_bytes(opcodes(data, random) if chosen.suffix == ".pkl" else mutate.raw(data, random))
    if random.random() < 0.2:
        random.choice(files).unlink()
    if random.random() < 0.1:
        (path / "link").symlink_to(random.choice(("/etc/passwd", "link", "..")))


def checkpoint(home: Path) -> Case:
    import torch

    from model.facevid2vid.architecture import STUB
    from model.facevid2vid.checkpoint import read_checkpoint
    from tests.model.recipe import recipe_networks

    networks = {str(kind): recipe_networks(kind) for kind in (STUB, replace(STUB, decoder="plain", shrink=1))}
    values = (
        None,
        1,
        "x",
        [],
        {},
        torch.ones(()),
        torch.ones(2, 0),
        torch.ones(1, 2, 3, 4, 5, 6),
        torch.ones(3).long(),
        torch.ones(2).to_sparse(),
    )

    def case(random: Random, folder: Path) -> Thunk:
        content: dict[str, object] = {
            name: dict(state) for name, state in random.choice(list(networks.values())).items()
        }
        content |= {"epoch": random.choice((3, "4", "٣", None, 10**30, float("nan"), "9" * 5000))}
        for _ in range(random.choice((1, 1, 2, 3))):
            network = random.choice([name for name in content if name != "epoch"] or ["generator"])
            inner = content.get(network)
            kind = random.randrange(6)
            if kind == 0 or not isinstance(inner, dict) or not inner:
                content[network] = random.choice(values)
                continue
            name = random.choice(list(inner))
            if kind == 1:
                del inner[name]
            elif kind == 2:
                inner[random.choice(hostile.TEXTS)] = inner[name]
            elif kind == 3:
                inner[name] = random.choice(values)
            elif kind == 4:
                tensor = inner[name]
                inner[name] = (
                    tensor.reshape(-1) if isinstance(tensor, torch.Tensor) and random.random() < 0.5 else tensor
                )
            else:
                content = {
                    random.choice(("state_dict", "model", "", "\ud800")): content,
                    "optimizer_generator": random.choice(values),
                }
                break
        if random.random() < 0.3:
            content["variant"] = random.choice(hostile.TEXTS)
            content["optimizer_generator"] = {"param_groups": random.choice(([{"maximize": 1}], [], [1], None, {}))}
        path = folder / "checkpoint.pth.tar"
        torch.save(content, path)
        if random.random() < 0.2:
            path.write_bytes(mutate.raw(path.read_bytes(), random))
        return lambda: read_checkpoint(path)

    return case


def features(home: Path) -> Case:
    import torch

    from metrics.scorer.feature_cache import FeatureCache

    pixels = torch.arange(5 * 3 * 4 * 4, dtype=torch.uint8).reshape(5, 3, 4, 4)
    first = FeatureCache(home).clip("clip")
    first.per_frame("means", 0, pixels, _means)
    first.close()
    (stored,) = home.rglob("*.features")
    content = stored.read_bytes()[32:]
    wanted = _means(pixels)

    def case(random: Random, folder: Path) -> Thunk:
        kept = safetensors(content, random) if random.random() < 0.7 else mutate.raw(content, random)
        sealed = hashlib.sha256(kept).digest() if random.random() < 0.9 else b"0" * random.randrange(40)
        path = folder / stored.relative_to(home)
        path.parent.mkdir(parents=True)
        path.write_bytes(sealed + kept)

        def read() -> None:
            cache = FeatureCache(folder).clip("clip")
            found = cache.per_frame("means", 0, pixels, _means)
            cache.close()
            assert len(found) == len(wanted), "features of other frames"

        return read

    return case


def _means(pixels: object) -> object:
    return pixels.double().mean((2, 3)).float()  # type: ignore[attr-defined]


def truth(home: Path) -> Case:
    from bench.portraits.truth import Truth
    from bench.suites import suite

    content = sorted((suite.FOLDER / "demo").glob("*.truth.npz"))[0].read_bytes()

    def case(random: Random, folder: Path) -> Thunk:
        path = folder / "truth.npz"
        path.write_bytes(archive(content, random) if random.random() < 0.8 else mutate.raw(content, random))
        return lambda: Truth.read(path)

    return case


READERS = (
    Reader("weights of every packing", weights, share=0.4),
    Reader("face-vid2vid checkpoint", checkpoint, share=0.01),
    Reader("kept features", features, share=0.1),
    Reader("truth of rendered clips", truth, share=0.1),
)
