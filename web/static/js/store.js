// What the page knows of calls, lines, agents and alarms, by id. Fed by snapshots and events in any order and any number of
// times: of two states of one subject the one with the higher sequence number stands.
export class Store extends EventTarget {
  constructor(topics) {
    super();
    this.topics = new Map(topics.map((topic) => [topic, new Map()]));
    this.loaded = new Set();
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
    if (message.op === "snapshot") this.#snapshot(message);
    else if (message.topic) this.#event(message);
  }

  // A record that an HTTP answer brought: as new as what is known now, and older than any event still to come.
  put(topic, data) {
    const entries = this.topics.get(topic);
    const seq = entries.get(String(data.id))?.seq ?? 0;
    entries.set(String(data.id), { seq, data });
    this.#changed(topic, data);
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
      if ((entries.get(id)?.seq ?? -1) <= seq) entries.set(id, { seq, data: item });
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
    entries.set(id, { seq, data });
    this.#changed(topic, data, type, before?.data);
  }

  #changed(topic, data, type = "", before = undefined) {
    this.dispatchEvent(new CustomEvent(topic, { detail: { data, type, before } }));
  }
}
