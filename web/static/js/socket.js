// The live connection. Emits on itself: "message" (snapshot or event), "ready", "state" (connecting, live, down, signed-out).
// After a break it asks for everything after the last number it saw; what arrives twice does no harm (see store.js).
const CLOSED_SESSION_ENDED = 4401;
const CLOSED_TOO_SLOW = 4408;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;

export class LiveSocket extends EventTarget {
  constructor(topics, { url = `${location.origin.replace(/^http/, "ws")}/ws` } = {}) {
    super();
    this.topics = topics;
    this.url = url;
    this.seq = null;
    this.failures = 0;
    this.state = "connecting";
    this.waiting = null;
    this.socket = null;
  }

  open() {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (this.socket) return;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => socket.send(JSON.stringify({ op: "hello", since: this.seq, topics: this.topics })));
    socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.closed(event.code));
  }

  receive(message) {
    if (message.op === "ready") {
      this.failures = 0;
      if (message.seq !== undefined && message.seq !== null) this.seq = Math.max(this.seq ?? 0, message.seq);
      this.become("live");
      this.dispatchEvent(new CustomEvent("ready", { detail: message }));
      return;
    }
    if (message.op === "error") {
      console.warn("socket:", message.detail);
      return;
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    // Only an event moves the mark: a snapshot of one topic says nothing about the others.
    if (message.op === undefined && message.seq !== undefined) this.seq = Math.max(this.seq ?? 0, message.seq);
  }

  closed(code) {
    this.socket = null;
    if (code === CLOSED_SESSION_ENDED) {
      this.become("signed-out");
      return;
    }
    this.become("down");
    const longest = code === CLOSED_TOO_SLOW ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures);
    this.failures += 1;
    // Jitter: two hundred consoles must not all knock in the same moment.
    this.waiting = setTimeout(() => this.open(), longest * (0.5 + Math.random() / 2));
  }

  reconnectNow() {
    if (this.state === "live" || this.state === "signed-out") return;
    this.failures = 0;
    this.open();
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
