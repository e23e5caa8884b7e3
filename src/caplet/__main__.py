"""`python -m caplet`: the command line."""

import sys

from caplet.tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
