// What the inbox shows: which box, which conversation, whom to write to. Everything else listens to it.
import { get, post } from "../api.js";
import { me, myDepartment, store } from "../live.js";
import { complain } from "../toast.js";

const root = document.getElementById("inbox");
export const may = {
  reply: root.dataset.replies === "yes", assign: root.dataset.assigns === "yes", send: root.dataset.sends === "yes",
  know: root.dataset.knows === "yes", stop: root.dataset.stops === "yes", add: root.dataset.adds === "yes", records: root.dataset.records === "yes",
};

const open = (talk) => talk.state === "open";
const BOXES = {
  open, mine: (talk) => open(talk) && talk.assigned_to?.id === me,
  department: (talk) => open(talk) && talk.department?.id === myDepartment,
  unassigned: (talk) => open(talk) && !talk.assigned_to,
  snoozed: (talk) => talk.state === "snoozed", done: (talk) => talk.state === "done",
};

export const belongs = (talk, box) => BOXES[box](talk);

// One step back leads from a conversation to the list, however many were looked at meanwhile; and from the list to the
// page before, however the conversation was left. An entry of the history says how many of ours stand below it.
const depth = () => history.state?.depth ?? 0;
const thread = document.getElementById("thread");
let stepping = false; // Back by steps of our own, of which the browser tells later.

function stepBack(steps) {
  stepping = true;
  history.go(-steps);
}

function enter(id) {
  if (stepping) return; // The address follows when the browser has arrived.
  const place = `/inbox?c=${id}`;
  if (history.state?.person) stepBack(1);
  else if (location.search || depth()) history.replaceState(history.state, "", place);
  else history.pushState({ depth: 1 }, "", place);
}

function leave() {
  if (stepping) return;
  if (depth()) stepBack(depth());
  else history.replaceState(null, "", "/inbox");
}

class Desk extends EventTarget {
  box = "open";
  words = "";
  talk = null; // The conversation in front, as it is now.
  stepping = false; // Whoever goes through the list by its keys does not want to be in the reply box.
  to = null; // Else the patient whom to write to first: { patient, phones }.

  column(name) {
    root.dataset.column = name;
  }

  // The patient. Where that takes the place of what was said, one step back leads from it, too.
  toPerson() {
    const before = thread.checkVisibility();
    this.column("person");
    if (before && !thread.checkVisibility()) history.pushState({ depth: depth() + 1, person: true }, "");
  }

  toThread() {
    if (history.state?.person) history.back();
    else this.column("thread");
  }

  changed(what) {
    this.dispatchEvent(new CustomEvent(what));
  }

  choose(box, words) {
    if (box === this.box && words === this.words) return;
    this.box = box;
    this.words = words;
    this.changed("box");
  }

  // In front: a conversation that is known, or one by its number.
  async show(id, known = null, refused = complain) {
    const asked = this.asked = Symbol("asked");
    try {
      const found = known ?? await get(`/conversations/${id}`);
      if (this.asked !== asked) return;
      const heard = store.get("conversations", id); // While it was on its way.
      const talk = heard?.version > found.version ? heard : found;
      this.to = null;
      this.talk = talk;
      this.column("thread");
      enter(talk.id);
      this.changed("talk");
    } catch (error) {
      if (this.asked === asked) refused(error);
    }
  }

  write(patient) {
    this.asked = null;
    this.talk = null;
    this.to = patient;
    this.column("thread");
    this.changed("talk");
  }

  close() {
    const from = this.talk?.id;
    this.asked = null;
    this.talk = null;
    this.to = null;
    this.column("talks");
    leave();
    this.changed("talk");
    // Where one came from: what had the keyboard is hidden now.
    document.querySelector(`#talks [data-talk="${from}"]`)?.focus({ preventScroll: true });
  }

  // How it was is how it becomes again, whatever is in front by now; then it is in front.
  async restore(before) {
    const [what, body] = before.state === "snoozed" ? ["snooze", { until: before.snoozed_until }] : [before.state];
    const restored = await this.command(what, body, before);
    if (restored) await this.show(restored.id, restored);
  }

  // A command on a conversation, the one in front if none is named; what came of it also returns as an event.
  async command(what, body, talk = this.talk) {
    if (!talk) return null;
    try {
      return await store.learn("conversations", post(`/conversations/${talk.id}/${what}`, body));
    } catch (error) {
      complain(error);
      return null;
    }
  }
}

export const desk = new Desk();

store.addEventListener("conversations", ({ detail }) => {
  const { data } = detail;
  if (!data || data.id !== desk.talk?.id || data.version < desk.talk.version) return;
  desk.talk = data;
  desk.changed("known");
});

window.addEventListener("popstate", () => {
  if (stepping) {
    stepping = false;
    if (desk.talk) enter(desk.talk.id);
    else leave();
    return;
  }
  const place = new URLSearchParams(location.search);
  const id = Number(place.get("c"));
  if (desk.to ? place.has("patient") : id && id === desk.talk?.id) desk.column(history.state?.person ? "person" : "thread");
  else if (id) void desk.show(id);
  else desk.close();
});
document.querySelector("[data-back]").addEventListener("click", () => desk.toThread());
