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

// One step back leads from a conversation to the list, however many were looked at meanwhile.
const WITHIN = "within";
const PERSON = "person";
const thread = document.getElementById("thread");

function enter(id) {
  const place = `/inbox?c=${id}`;
  if (location.search || history.state === WITHIN) history.replaceState(history.state, "", place);
  else history.pushState(WITHIN, "", place);
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
    if (before && !thread.checkVisibility()) history.pushState(PERSON, "");
  }

  toThread() {
    if (history.state === PERSON) history.back();
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
      const talk = known ?? await get(`/conversations/${id}`);
      if (this.asked !== asked) return;
      this.to = null;
      this.talk = talk;
      this.column("thread");
      enter(talk.id);
      this.changed("talk");
    } catch (error) {
      refused(error);
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
    this.asked = null;
    this.talk = null;
    this.to = null;
    this.column("talks");
    history.replaceState(history.state, "", "/inbox");
    this.changed("talk");
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
  const place = new URLSearchParams(location.search);
  const id = Number(place.get("c"));
  if (desk.to ? place.has("patient") : id && id === desk.talk?.id) desk.column("thread");
  else if (id) void desk.show(id);
  else desk.close();
});
document.querySelector("[data-back]").addEventListener("click", () => desk.toThread());
