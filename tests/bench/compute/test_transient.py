"""Which errors may pass: by their kind, not by their words."""

import errno
import pickle

import pytest
import torch

from bench.compute.transient import remedy, transient
from bench.errors import BenchError, WriteError


class Wordless(RuntimeError):
    def __str__(self):
        raise TypeError("no words")


@pytest.mark.parametrize(
    "error, expected",
    [
        (torch.OutOfMemoryError("CUDA"), "out of memory"),
        (MemoryError(), "out of memory"),
        (RuntimeError("MPS backend out of memory"), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no space"),
        (WriteError("full", transient="no space"), "no space"),
        (OSError(errno.EACCES, "Permission denied"), None),
        (BenchError("the file speaks of being out of memory"), None),
        (ValueError("out of memory"), None),
        (Wordless(), None),
    ],
)
def test_kinds_of_errors(error, expected):
    assert transient(error) == expected
    assert (remedy(error) != "") == (expected is not None)


def test_a_real_allocation_that_fails_is_known():
    with pytest.raises(RuntimeError) as error:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert transient(error.value) == "out of memory"


def test_the_kind_travels_between_processes():
    copy = pickle.loads(pickle.dumps(WriteError("full", transient="no space")))
    assert (str(copy), copy.transient) == ("full", "no space")
