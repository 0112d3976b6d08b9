"""``python -m twistd_plugin.commands``, where the script is not on the path."""

import sys

from twistd_plugin.commands import main

sys.exit(main())
