// What lies on the agent's desk: calls offered to me, mine in progress, my open wrap-ups, and which one is in front.
import { now } from "../clock.js";
import { typing } from "../dom.js";
import { me, store } from "../live.js";

const FAREWELL = 6000; // How long a call that went to somebody else says so before it leaves.
const KEPT = "huifang.desk.selected";

export const isMine = (call) => call.agent?.id === me;
export const isOffered = (call) => call.direction === "in" && call.state !== "ended" && !call.agent && call.offered_to.includes(me);
export const isUrgent = (call) => (call.priority ?? []).length > 0;
export const inProgress = (call) => call.state !== "ended" && isMine(call);
const isOwed = (call) => call.state === "ended" && isMine(call) && call.wrap_up === "open";

class Desk extends EventTarget {
  constructor() {
    super();
    this.selectedId = Number(sessionStorage.getItem(KEPT)) || null;
    this.leaving = new Map(); // id → time at which it goes
    this.seen = new Set(); // calls that were offered to me on this page
    this.settled = false;
    store.addEventListener("calls", (event) => this.update(event.detail));
    document.addEventListener("huifang:dialled", (event) => this.select(event.detail.id));
    setInterval(() => this.sweep(), 500);
  }

  get selected() {
    return this.selectedId ? store.get("calls", this.selectedId) ?? null : null;
  }

  // In order of arrival, so that nothing changes its place.
  get calls() {
    return store.all("calls")
      .filter((call) => isOffered(call) || inProgress(call) || this.leaving.has(call.id) || call.id === this.selectedId)
      .sort((one, other) => one.id - other.id);
  }

  get owed() {
    return store.all("calls").filter(isOwed).sort((one, other) => other.id - one.id);
  }

  get ringing() {
    return store.all("calls").filter((call) => isOffered(call) && call.state === "ringing");
  }

  select(id) {
    if (this.selectedId === id) return;
    this.selectedId = id;
    if (id) sessionStorage.setItem(KEPT, String(id));
    else sessionStorage.removeItem(KEPT);
    this.dispatchEvent(new Event("change"));
  }

  step(by) {
    const calls = this.calls;
    if (!calls.length) return;
    const at = calls.findIndex((call) => call.id === this.selectedId);
    this.select(calls[(at + by + calls.length) % calls.length].id);
  }

  update({ data }) {
    if (data) this.#notice(data);
    else store.all("calls").forEach((call) => this.#notice(call));
    this.#choose();
    this.dispatchEvent(new Event("change"));
  }

  // Takes away what has said farewell; keeps the desk honest when time alone changes it.
  sweep() {
    const moment = now();
    const gone = [...this.leaving].filter(([, until]) => until <= moment).map(([id]) => id);
    if (!gone.length) return;
    for (const id of gone) {
      this.leaving.delete(id);
      if (id === this.selectedId) this.selectedId = null;
    }
    this.#choose();
    this.dispatchEvent(new Event("change"));
  }

  #notice(call) {
    if (isOffered(call)) {
      const fresh = !this.seen.has(call.id);
      this.seen.add(call.id);
      this.leaving.delete(call.id);
      if (fresh) this.#welcome(call);
      return;
    }
    if (isMine(call)) {
      this.leaving.delete(call.id);
      if (this.settled && call.state !== "ended" && !this.seen.has(call.id)) this.selectedId = call.id;
      this.seen.add(call.id);
      return;
    }
    // It was on this desk and belongs to somebody else now, or nobody took it.
    if (this.seen.delete(call.id)) this.leaving.set(call.id, now() + FAREWELL);
  }

  // A new caller comes to the front, unless somebody is being spoken with or something is being typed.
  #welcome(call) {
    const present = this.selected;
    if (present && (present.state !== "ended" || typing()) && (isMine(present) || isOffered(present))) return;
    this.selectedId = call.id;
    this.dispatchEvent(new CustomEvent("welcome", { detail: call }));
  }

  #choose() {
    this.settled = this.settled || store.has("calls");
    const present = this.selected;
    if (present && (isMine(present) ? present.state !== "ended" || present.wrap_up === "open" : isOffered(present) || this.leaving.has(present.id))) return;
    if (present === null && this.selectedId && !store.has("calls")) return;
    const calls = this.calls.filter((call) => call.id !== this.selectedId);
    const offered = calls.filter(isOffered);
    const next = calls.find(inProgress) ?? offered.find(isUrgent) ?? offered[0] ?? this.owed[0] ?? null;
    this.selectedId = next?.id ?? null;
  }
}

export const desk = new Desk();
