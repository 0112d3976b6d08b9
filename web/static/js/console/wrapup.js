// What came of the call: outcome, note, call-back. Saved as typed; another tab and a reload show the same.
import { post } from "../api.js";
import { el } from "../dom.js";
import { now } from "../clock.js";
import { fromLocalField, toLocalField } from "../format.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { outcomeLabel, whoOf } from "../words.js";
import { isEnding } from "./actions.js";
import { desk, isMine } from "./desk.js";
import { outcomeByCode, outcomeByKey, outcomes } from "./outcomes.js";

const PAUSE = 600;
const TRY_AGAIN = 3000;
const LONGEST_END = 10000; // So long a call that was hung up may take to end before somebody should look after it.

const pane = document.getElementById("wrap-up");
const form = pane.querySelector("form");
const none = pane.querySelector("[data-none]");
const about = pane.querySelector("[data-about]");
const saved = pane.querySelector("[data-saved]");
const problem = pane.querySelector("[data-problem]");
const complaint = pane.querySelector("[data-complaint]"); // none for whoever may write none down
const group = pane.querySelector("[data-outcomes]");
const { notes, call_back_at: backAt } = form.elements;
const finish = form.querySelector("[data-finish]");

let bound = null; // id of the call that the fields belong to
let dirty = false;
let sending = null;
let waiting = null;
let finishAfter = null; // id of the call that is finished as soon as it is over

group.append(...outcomes.map((outcome) => el("label", { class: "outcome" },
  el("input", { type: "radio", name: "outcome", value: outcome.code }),
  el("kbd", { "aria-hidden": "true" }, outcome.key || "·"), el("span", {}, outcomeLabel(outcome)))));

const value = () => ({ outcome: form.elements.outcome.value, notes: notes.value, call_back_at: fromLocalField(backAt.value) });

function fill(call) {
  for (const radio of form.querySelectorAll("input[name=outcome]")) radio.checked = radio.value === call.outcome;
  if (notes.value !== call.notes) notes.value = call.notes;
  const local = toLocalField(call.call_back_at);
  if (backAt.value !== local) backAt.value = local;
  say("");
  showProblem({});
}

function say(state) {
  const words = { "": "", typing: t("Not saved yet"), saving: t("Saving…"), ending: t("Finished as soon as the call is over"), saved: t("Saved"), failed: t("Not saved. Trying again…") };
  const shown = finishAfter ? "ending" : state;
  saved.dataset.state = shown;
  saved.textContent = words[shown];
}

function showProblem(fields, text = "") {
  const message = Object.values(fields).join(" ") || text;
  problem.textContent = message;
  problem.hidden = !message;
  backAt.setAttribute("aria-invalid", String("call_back_at" in fields));
}

function changed(pause = PAUSE) {
  if (!bound) return;
  dirty = true;
  say("typing");
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

async function send(id, draft) {
  try {
    await store.learn("calls", post(`/calls/${id}/wrap-up`, draft));
    if (bound === id && !dirty) say("saved");
    return true;
  } catch (error) {
    if (bound !== id) return false;
    if (error.status >= 400 && error.status < 500) {
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
  finish.disabled = true;
  if (isEnding(desk.selected)) {
    finishOnceOver(id);
    return;
  }
  // What is typed goes with the finish: a draft must not overtake it.
  dirty = false;
  while (sending) await sending;
  clearTimeout(waiting);
  dirty = false;
  try {
    const done = await store.learn("calls", post(`/calls/${id}/wrap-up`, { ...value(), finish: true }));
    showProblem({});
    document.dispatchEvent(new CustomEvent("huifang:wrapped-up", { detail: done }));
  } catch (error) {
    dirty = true;
    say("typing");
    showProblem(error.fields ?? {}, error.message);
  } finally {
    show();
  }
}

// Whoever hangs up and finishes in one go need not wait for the device.
function finishOnceOver(id) {
  finishAfter = id;
  showProblem({});
  say("ending");
  setTimeout(() => {
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
    void save();
    bound = null;
    dirty = false;
    finishAfter = null;
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
form.addEventListener("change", (event) => event.target.name === "outcome" && outcomeByCode(event.target.value)?.needs_time && !backAt.value && backAt.focus());
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
form.querySelector("[data-in]").addEventListener("click", (event) => {
  const hours = Number(event.target.closest("button")?.dataset.hours);
  if (!hours) return;
  const moment = new Date(now() + hours * 3600000);
  backAt.value = toLocalField(moment.toISOString());
  changed(0);
});
document.addEventListener("huifang:outcome", (event) => chooseOutcome(event.detail));
document.addEventListener("huifang:finish", finishNow);
// The last words, when the page is left: the browser carries this request on alone.
window.addEventListener("pagehide", () => {
  if (bound && dirty) post(`/calls/${bound}/wrap-up`, value(), { keepalive: true }).catch(() => {});
});
desk.addEventListener("change", show);
show();
