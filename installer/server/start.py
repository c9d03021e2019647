"""Where the packaged kam-server begins."""

import sys

from kam_desktop.server.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
