"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess


def end_with_parent() -> None:
    """Let this process end when its parent does, however that ended: kill -9 leaves no workers behind."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()


def end_now(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    """End the pool's processes at once: nobody waits for what they are at, which may take hours."""
    processes: list[BaseProcess] = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    return processes
