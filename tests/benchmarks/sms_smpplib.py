"""PyPI's smpplib in a plain loop, run by the Python of its own environment: ``sms_smpplib.py PORT COUNT WINDOW TEXT``.

It writes ``WINDOW`` messages, reads as many answers, and so on; prints the seconds that it took.
"""

import sys
import time

import smpplib.client
import smpplib.gsm

port, count, window, text = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
answered = []
client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
client.logger.disabled = True
client.set_message_sent_handler(lambda pdu: answered.append(pdu.sequence))
client.connect()
client.bind_transceiver(system_id="900001", password="888888")
[part], coding, header = smpplib.gsm.make_parts(text)
began = time.perf_counter()
for first in range(0, count, window):
    many = min(window, count - first)
    for index in range(first, first + many):
        client.send_message(
            source_addr="1069", destination_addr=str(8613800000000 + index), short_message=part, data_coding=coding,
            esm_class=header, registered_delivery=False,
        )  # fmt: skip
    while len(answered) < first + many:
        client.read_once()
print(time.perf_counter() - began, flush=True)
client.unbind()
client.disconnect()
