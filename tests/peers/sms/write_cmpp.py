"""A sign-in and a message as PyPI's pycmpp (2.0) or cmppy (3.0) write them, in hexadecimal: ``write_cmpp.py 2|3``."""

import sys

NUMBER, SENDER, TEXT = "13800138000", "1069", "您好，预约提醒"

if sys.argv[1] == "2":
    from pycmpp.request import ConnectRequestInstance, SubmitRequestInstance

    pdus = [
        ConnectRequestInstance().create("900001", "888888"),
        SubmitRequestInstance().create("900001", TEXT, [NUMBER], src_id=SENDER, registered_delivery=1),
    ]
else:
    from cmppy.request import ConnectReq, SubmitReq

    pdus = [
        ConnectReq("900001", "888888").message,
        SubmitReq("900001", TEXT, SENDER, [NUMBER], registered_delivery=1).message,
    ]
print("".join(pdu.hex() for pdu in pdus))
