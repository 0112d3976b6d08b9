"""A client by PyPI's smpplib, run by the Python of its own environment: ``client.py PORT NUMBER TEXT``.

It signs in, sends the text in as many parts as it takes, waits for as many receipts and for a text, and prints JSON.
"""

import json
import sys

import smpplib.client
import smpplib.gsm

RECEIPT, UCS2 = 4, 8
answered, received = [], []


def heard(pdu):
    words = pdu.short_message.decode("utf-16-be" if pdu.data_coding == UCS2 else "latin-1")
    told = (pdu.receipted_message_id or b"").decode()
    received.append({"receipt": bool(pdu.esm_class & RECEIPT), "id": told, "words": words})
    return 0


port, number, text = int(sys.argv[1]), sys.argv[2], sys.argv[3]
client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
client.set_message_sent_handler(lambda pdu: answered.append(pdu.message_id.decode()))
client.set_message_received_handler(heard)
client.connect()
client.bind_transceiver(system_id="900001", password="888888")
parts, coding, header = smpplib.gsm.make_parts(text)
for part in parts:
    client.send_message(
        source_addr="1069", destination_addr=number, short_message=part, data_coding=coding, esm_class=header,
        registered_delivery=True,
    )  # fmt: skip
print(json.dumps({"sent": len(parts)}), flush=True)
while len(received) < len(parts) + 1:
    client.read_once()
client.unbind()
client.disconnect()
print(json.dumps({"answered": answered, "received": received}), flush=True)
