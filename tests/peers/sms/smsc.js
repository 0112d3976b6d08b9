// An SMSC by npm's smpp. It prints JSON lines: its port, then every submit_sm and deliver_sm_resp. Each message is
// answered with a hexadecimal id; a receipt for it follows, with the id in decimal, and after the first one a text.
const smpp = require('smpp');

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
let last = 0x1f00;

const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => {
    const good = pdu.system_id === '900001' && pdu.password === '888888';
    session.send(pdu.response({ command_status: good ? 0 : smpp.ESME_RBINDFAIL }));
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    say({ unbind: true });
    session.send(pdu.response());
    session.close();
  });
  session.on('deliver_sm_resp', (pdu) => say({ answered: pdu.command_status }));
  session.on('submit_sm', (pdu) => {
    const id = ++last;
    const words = pdu.short_message.message !== undefined ? pdu.short_message : pdu.message_payload;
    say({
      to: pdu.destination_addr, from: pdu.source_addr, words: words.message, udh: words.udh || null,
      coding: pdu.data_coding, registered: pdu.registered_delivery, validity: pdu.validity_period,
      sar: pdu.sar_total_segments === undefined ? null : [pdu.sar_msg_ref_num, pdu.sar_segment_seqnum, pdu.sar_total_segments],
    });
    session.send(pdu.response({ message_id: id.toString(16).toUpperCase() }));
    session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
      short_message: 'id:' + id + ' sub:001 dlvrd:001 submit date:2511051429 done date:2511051430 stat:DELIVRD err:000 text:',
    });
    if (id === 0x1f01) {
      session.deliver_sm({
        source_addr: '8613900139000', destination_addr: '1069', short_message: '退订', data_coding: 8,
      });
    }
  });
  session.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
