// What came of the call: outcome, note, call-back. Saved as typed; another tab and a reload show the same.
import { post } from "../api.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { whoOf } from "../words.js";
import { isEnding } from "./actions.js";
import { desk, isMine } from "./desk.js";
import { outcomeByCode, outcomeByKey } from "./outcomes.js";
import { backAt, form, lacking, notes, pane, put, showProblem, value } from "./wrapup_fields.js";

const PAUSE = 600;
const TRY_AGAIN = 3000;
const LONGEST_END = 10000; // So long a call that was hung up may take to end before somebody should look after it.

const none = pane.querySelector("[data-none]");
const about = pane.querySelector("[data-about]");
const saved = pane.querySelector("[data-saved]");
const complaint = pane.querySelector("[data-complaint]"); // none for whoever may write none down
const finish = form.querySelector("[data-finish]");

let bound = null; // id of the call that the fields belong to
let dirty = false;
let sending = null;
let waiting = null;
let finishAfter = null; // id of the call that is finished as soon as it is over
const left = new Map(); // id → what was written down of such a call before another came in front

function fill(call) {
  put(call);
  say("");
  showProblem({});
}

function say(state) {
  const words = { "": "", typing: t("Not saved yet"), saving: t("Saving…"), ending: t("Finished as soon as the call is over"), saved: t("Saved"), failed: t("Not saved. Trying again…") };
  const shown = finishAfter ? "ending" : state;
  saved.dataset.state = shown;
  saved.textContent = words[shown];
}

function changed(pause = PAUSE) {
  if (!bound) return;
  dirty = true;
  say("typing");
  showProblem({});
  clearTimeout(waiting);
  waiting = setTimeout(() => save(), pause);
}

// One request at a time; what was typed meanwhile goes with the next.
async function save() {
  clearTimeout(waiting);
  if (!bound || !dirty) return true;
  if (sending) return sending.then(() => save());
  const [id, draft] = [bound, value()];
  dirty = false;
  say("saving");
  sending = send(id, draft);
  const good = await sending;
  sending = null;
  return good;
}

// Of a call that is no longer in front, what stood there last goes after what is on its way.
async function saveLeft(id, draft) {
  while (sending) await sending;
  sending = send(id, draft);
  await sending;
  sending = null;
}

async function send(id, draft) {
  try {
    await store.learn("calls", post(`/calls/${id}/wrap-up`, draft));
    if (bound === id && !dirty) say("saved");
    return true;
  } catch (error) {
    const refused = error.status >= 400 && error.status < 500;
    if (bound !== id) {
      if (refused) complain(error);
      else setTimeout(() => void saveLeft(id, draft), TRY_AGAIN); // It stands nowhere else.
      return false;
    }
    if (refused) {
      say("");
      showProblem(error.fields, error.message);
    } else {
      dirty = true;
      say("failed");
      waiting = setTimeout(() => save(), TRY_AGAIN);
    }
    return false;
  }
}

async function finishNow() {
  const id = bound;
  if (!id || finish.disabled) return;
  if (isEnding(desk.selected)) {
    finishOnceOver(id);
    return;
  }
  finish.disabled = true;
  // What is typed goes with the finish: a draft must not overtake it.
  let written = value();
  dirty = false;
  while (sending) {
    await sending;
    if (bound === id) written = value(); // The fields may be those of another call by now.
  }
  if (bound === id) {
    clearTimeout(waiting);
    dirty = false;
  }
  await finishCall(id, written);
}

async function finishCall(id, written) {
  try {
    const done = await store.learn("calls", post(`/calls/${id}/wrap-up`, { ...written, finish: true }));
    if (bound === id) showProblem({});
    document.dispatchEvent(new CustomEvent("huifang:wrapped-up", { detail: done }));
  } catch (error) {
    if (bound !== id) {
      sayOf(id, error.message);
      return;
    }
    dirty = true;
    say("typing");
    showProblem(error.fields ?? {}, error.message);
  } finally {
    show();
  }
}

// Its pane is not in front; it stands among the unfinished ones.
const sayOf = (id, words) => toast([whoOf(store.get("calls", id) ?? {}), words].filter(Boolean).join(" · "), { kind: "bad" });

// Whoever hangs up and finishes in one go need not wait for the device.
function finishOnceOver(id) {
  const lacks = lacking(value());
  showProblem(lacks);
  if (Object.keys(lacks).length) return;
  finish.disabled = true;
  finishAfter = id;
  say("ending");
  setTimeout(() => {
    if (left.delete(id)) sayOf(id, t("The call is still going on."));
    if (finishAfter !== id) return;
    finishAfter = null;
    showProblem({}, t("The call is still going on."));
    say(dirty ? "typing" : "");
    show();
  }, LONGEST_END);
}

async function later() {
  await save();
  desk.select(desk.calls.find((call) => call.id !== bound && call.state !== "ended")?.id ?? null);
}

function show() {
  const call = desk.selected;
  const mine = call && isMine(call) ? call : null;
  if (bound && mine?.id !== bound) {
    if (finishAfter === bound) left.set(bound, value());
    if (dirty) void saveLeft(bound, value());
    clearTimeout(waiting);
    bound = null;
    dirty = false;
    finishAfter = null;
  }
  for (const [id, written] of left) {
    if (store.get("calls", id)?.state === "ended" && left.delete(id)) void finishCall(id, written);
  }
  form.hidden = !mine;
  none.hidden = Boolean(mine);
  pane.dataset.active = mine ? "yes" : "";
  about.textContent = mine ? whoOf(mine) : "";
  if (complaint) {
    complaint.hidden = !mine;
    complaint.href = mine ? `/complaints/new?call_id=${mine.id}` : "/complaints/new";
  }
  if (!mine) {
    say("");
    return;
  }
  if (bound !== mine.id) {
    bound = mine.id;
    fill(mine);
    if (left.delete(mine.id)) finishAfter = mine.id;
    if (mine.notes || mine.outcome) say("saved");
  } else if (!dirty && !sending && !form.contains(document.activeElement)) {
    fill(mine);
    if (mine.notes || mine.outcome) say("saved");
  }
  const over = mine.state === "ended";
  finish.disabled = !over && (mine.state !== "talking" || finishAfter === mine.id);
  finish.title = finish.disabled ? t("The call is still going on.") : "";
  if (over && finishAfter === mine.id) {
    finishAfter = null;
    void finishNow();
  }
}

function chooseOutcome(code) {
  const radio = form.querySelector(`input[name=outcome][value="${CSS.escape(code)}"]`);
  if (!bound || !radio) return false;
  radio.checked = true;
  if (outcomeByCode(code).needs_time && !backAt.value) backAt.focus();
  changed(0);
  return true;
}

export const chooseKey = (key) => Boolean(outcomeByKey(key)) && chooseOutcome(outcomeByKey(key).code);

// In a tab of its own, with what was noted so far: whoever is on the telephone does not leave the console.
export function fileComplaint() {
  if (complaint && !complaint.hidden) complaint.click();
}

export function focusNotes() {
  if (bound) notes.focus();
}

form.addEventListener("input", (event) => changed(event.target.type === "radio" ? 0 : PAUSE));
form.addEventListener("focusout", () => save());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void finishNow();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void finishNow();
  }
});
form.querySelector("[data-later]").addEventListener("click", later);
document.addEventListener("huifang:outcome", (event) => chooseOutcome(event.detail));
document.addEventListener("huifang:finish", finishNow);
// The last words, when the page is left: the browser carries this request on alone. One that is on its way ends with the page.
window.addEventListener("pagehide", () => {
  if (bound && (dirty || sending)) post(`/calls/${bound}/wrap-up`, value(), { keepalive: true }).catch(() => {});
});
desk.addEventListener("change", show);
show();
