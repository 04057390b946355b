#!/usr/bin/env python
"""Benchmark of talking-head video synthesis: `python benchmark.py --help`."""

import gc
import sys

from bench.commands.main import main

if __name__ == "__main__":
    code = main()
    gc.freeze()  # the process ends: nothing is gained by searching a million objects for garbage first
    sys.exit(code)
