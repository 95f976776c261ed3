"""`python -m stockbridge.cli` is `stockbridge`."""

import sys

from stockbridge.cli.main import main

sys.exit(main())
