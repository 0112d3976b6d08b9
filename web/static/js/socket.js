// The live connection. Emits on itself: "message" (snapshot or event), "ready", "state" (connecting, live, down, signed-out),
// "rights" (the session is good, but the person may see and do something else than when the page was made).
// After a break it asks for everything after the last number it saw; what arrives twice does no harm (see store.js).
const CLOSED_SESSION_CHANGED = 4401; // It ended, or the person's rights are others: the session itself tells which.
const CLOSED_TOO_SLOW = 4408;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const ALIVE_EVERY = 20000; // Until the server has told how often it does so.
const MISSED = 2.5; // So many times the server has not said that it is there, and it is not.

export class LiveSocket extends EventTarget {
  // `topics` has for each the permission that it takes; `ask` tells how the session stands, see session.js.
  constructor(topics, ask, { url = `${location.origin.replace(/^http/, "ws")}/ws` } = {}) {
    super();
    this.topics = topics;
    this.ask = ask;
    this.url = url;
    this.seq = null;
    this.failures = 0;
    this.state = "connecting";
    this.waiting = null;
    this.socket = null;
    this.asking = false;
    this.silence = null;
    this.every = 0; // How often the server says that it is there, in milliseconds.
    this.doubtful = false; // Refused, or closed for the session's sake: ask before knocking again.
  }

  // What is done whenever the page is up to date: also now, if it is, for a module may come later than the socket.
  whenReady(listener) {
    this.addEventListener("ready", listener);
    if (this.state === "live") listener();
  }

  async open() {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (this.socket || this.asking) return;
    if (this.doubtful && !(await this.mayCome())) return;
    const socket = new WebSocket(this.url);
    let opened = false;
    this.socket = socket;
    this.every = ALIVE_EVERY;
    this.listen();
    socket.addEventListener("open", () => {
      opened = true;
      socket.send(JSON.stringify({ op: "hello", since: this.seq, topics: [...this.topics.keys()] }));
    });
    // One that was given up may still have something to say.
    socket.addEventListener("message", (event) => socket === this.socket && this.receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event.code, opened));
  }

  async mayCome() {
    this.asking = true;
    try {
      const { standing, may } = await this.ask();
      if (standing === "over") {
        this.become("signed-out");
        return false;
      }
      this.doubtful = false;
      if (standing === "changed") {
        // Others may be visible now: what was seen before is no ground to resume from.
        this.seq = null;
        this.topics = new Map([...this.topics].filter(([, permission]) => may(permission)));
        this.dispatchEvent(new Event("rights"));
      }
      return true;
    } catch {
      this.tryLater();
      return false;
    } finally {
      this.asking = false;
    }
  }

  // A cable that is pulled out somewhere on the way closes nothing, and a page that hears nothing would call itself live, or
  // wait for minutes to be let in.
  listen() {
    clearTimeout(this.silence);
    if (this.every) this.silence = setTimeout(() => this.giveUp(), MISSED * this.every);
  }

  giveUp() {
    const socket = this.socket;
    this.closed(0, true);
    socket.close();
  }

  receive(message) {
    if (message.op === "ready") this.every = 1000 * (message.alive_every ?? 0);
    this.listen();
    if (message.op === "alive") return;
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

  closed(code, opened) {
    clearTimeout(this.silence);
    this.socket = null;
    this.doubtful = code === CLOSED_SESSION_CHANGED || !opened;
    this.become("down");
    if (code === CLOSED_TOO_SLOW) void this.open();
    else this.tryLater();
  }

  tryLater() {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures);
    this.failures += 1;
    // Jitter: two hundred consoles must not all knock in the same moment.
    this.waiting = setTimeout(() => this.open(), longest * (0.5 + Math.random() / 2));
  }

  reconnectNow() {
    if (this.state === "live" || this.state === "signed-out") return;
    this.failures = 0;
    void this.open();
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
