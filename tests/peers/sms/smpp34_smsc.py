"""An SMSC by PyPI's smpp34, run by the Python of its own environment: ``smpp34_smsc.py PORT``. Prints JSON lines.

It answers each message with an id and sends a receipt for it that has the optional parameters alone.
"""

import asyncio
import json
import sys

import smpp34


def say(**what):
    print(json.dumps(what), flush=True)


async def receipt(esme, event, name):
    tlvs = [smpp34.Tlv(0x001E, name.encode() + b"\0"), smpp34.Tlv(0x0427, b"\x02")]
    answer = await esme.deliver_sm(event.source_addr, b"", source_addr=event.destination_addr, esm_class=4, tlvs=tlvs)
    say(answered=type(answer).__name__)


async def main(port):
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    say(listening=port)
    esmes, tasks, count = {}, set(), 0
    while True:
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            esmes[event.session_id] = event
            say(bound=event.system_id)
        elif isinstance(event, smpp34.SubmitSmEvent):
            count += 1
            name = f"00AB{count}"
            say(to=event.destination_addr, words=event.short_message.hex(), esm_class=event.esm_class)
            event.accept(name)
            tasks.add(asyncio.create_task(receipt(esmes[event.session_id], event, name)))
        else:
            say(unbound=event.session_id != "")


asyncio.run(main(int(sys.argv[1])))
