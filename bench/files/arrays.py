"""Arrays out of numpy's `.npz` files, whatever the bytes are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in a file, by name; none of objects, for reading those would run what the file says.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no whole archive of arrays; the message is a clause.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except OSError:
        raise
    except Exception as error:  # zip, deflate, heads that are Python's syntax, more memory than there is
        raise ValueError(str(error) or type(error).__name__) from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # a member that is none comes as its bytes
            raise ValueError(f"'{name}' is no array")
    return arrays
