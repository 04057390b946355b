#!/usr/bin/env python
"""Benchmark of talking-head video synthesis: `python benchmark.py --help`."""

import sys

from bench.cli import main

if __name__ == "__main__":
    sys.exit(main())
