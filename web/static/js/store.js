// What the page knows of calls, lines, agents, alarms, conversations and gateways, by id. Fed by snapshots and events in any order and any number of
// times: of two states of one subject the one with the higher sequence number stands.
export class Store extends EventTarget {
  constructor(topics) {
    super();
    this.topics = new Map(topics.map((topic) => [topic, new Map()]));
    this.loaded = new Set();
    this.heard = 0; // Counts what the socket brought; every entry remembers its own.
  }

  all(topic) {
    return [...(this.topics.get(topic)?.values() ?? [])].map((entry) => entry.data);
  }

  get(topic, id) {
    return this.topics.get(topic)?.get(String(id))?.data;
  }

  has(topic) {
    return this.loaded.has(topic);
  }

  feed(message) {
    this.heard += 1;
    if (message.op === "snapshot") this.#snapshot(message);
    else if (message.topic) this.#event(message);
  }

  // The record that an HTTP request answers with. The socket may overtake the answer: what it told of this record since
  // the request was sent stands, and if that was older than the answer, its own event is still to come.
  async learn(topic, request) {
    const asked = this.heard;
    const data = await request;
    const known = this.topics.get(topic).get(String(data.id));
    if (!known || known.heard <= asked) this.#keep(topic, known?.seq ?? 0, data, known?.heard ?? asked);
    return data;
  }

  drop(topic, id) {
    if (this.topics.get(topic)?.delete(String(id))) this.#changed(topic, null);
  }

  #snapshot({ topic, seq, data }) {
    const entries = this.topics.get(topic);
    if (!entries) return;
    const present = new Set(data.map((item) => String(item.id)));
    for (const [id, entry] of entries) {
      if (!present.has(id) && entry.seq <= seq) entries.delete(id);
    }
    for (const item of data) {
      const id = String(item.id);
      if ((entries.get(id)?.seq ?? -1) <= seq) entries.set(id, { seq, data: item, heard: this.heard });
    }
    this.loaded.add(topic);
    this.#changed(topic, null);
  }

  #event({ topic, seq, type, data }) {
    const entries = this.topics.get(topic);
    if (!entries) return;
    const id = String(data.id);
    const before = entries.get(id);
    if (before && before.seq >= seq) return;
    if (type.endsWith(".removed")) {
      entries.delete(id);
      this.#changed(topic, data, type, before?.data);
    } else {
      this.#keep(topic, seq, data, this.heard, type);
    }
  }

  #keep(topic, seq, data, heard, type = "") {
    const entries = this.topics.get(topic);
    const before = entries.get(String(data.id))?.data;
    entries.set(String(data.id), { seq, data, heard });
    this.#changed(topic, data, type, before);
  }

  #changed(topic, data, type = "", before = undefined) {
    this.dispatchEvent(new CustomEvent(topic, { detail: { data, type, before } }));
  }
}
