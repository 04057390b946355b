"""Tables, plots and a page from run folders: `python report.py results/RUN`."""

import sys

from bench.commands.report import main

if __name__ == "__main__":
    sys.exit(main())
