"""PyPI's pycmpp reads a SUBMIT of CMPP 2.0, given in hexadecimal, and prints what it reads as JSON."""

import json
import sys

from pycmpp.request import SubmitRequestInstance

print(json.dumps(SubmitRequestInstance().resolve(bytes.fromhex(sys.argv[1])), default=repr))
