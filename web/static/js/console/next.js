// What to do when nobody calls: the next person to be called, in the middle, with the reason and what is known: an agreed
// call-back, a missed call, else the next task of the work list, which then is held for this agent. After
// a wrap-up it comes by itself if the agent wants that. It never dials by itself.
import { get, post } from "../api.js";
import { ask } from "../ask.js";
import { dial, dialTask } from "../dial.js";
import { el, icon, refresh } from "../dom.js";
import { exact } from "../format.js";
import { dials, me, socket, store } from "../live.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { writeTimes } from "../times.js";
import { aboutPatient, numberOf, regionOf } from "../words.js";
import { myDue, urgencyBadge } from "./callbacks.js";
import { badges, contacts } from "./card.js";
import { desk } from "./desk.js";
import { overdueBadge, worksTasks } from "./tasks.js";

const KEPT = `huifang.next.${me}`; // Several people use one computer.
const SETTLE = 300; // A click this soon after the entry changed was meant for what was there before.
const PAGE = 200;

const ready = document.getElementById("ready");
const place = document.getElementById("next");
const choice = document.getElementById("next-by-itself");

const passed = new Set(); // ids that were skipped here
const called = new Set(); // numbers, and ids of patients, that were called from this page: nobody is called twice in a row
let shown = null; // { kind, call, patient }; of kind "task" the call is the task
let changedAt = 0;
let looking = false;
let writtenDown = null; // id of the call that was just finished, as long as it is in front
let closedUntil = ""; // when patients may be called from the work list again

const fits = (call) => call.number && !call.number.includes("*") && !passed.has(call.id) && !called.has(call.number) && !called.has(call.patient?.id);
const remember = (call) => [call.number, call.patient?.id].filter(Boolean).forEach((whom) => called.add(whom));
const OVER = {
  callback: (call) => call.call_back === "done",
  missed: (call) => Boolean(call.missed_handled_at),
  task: (task) => task.state !== "claimed" || task.claimed_by?.id !== me || task.calling,
};
const over = ({ kind, call }) => OVER[kind](call);

// The list in the left column holds the newest; who has waited longest stands on the last page.
async function oldestMissed() {
  let found = [];
  let cursor = "";
  do {
    const page = await get(`/calls/missed?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found = [...page.items.filter(fits).reverse(), ...found];
    cursor = page.next;
  } while (cursor);
  return found[0];
}

async function find() {
  const callback = myDue().find(fits);
  if (callback) return { kind: "callback", call: callback };
  const call = await oldestMissed();
  if (call) return { kind: "missed", call };
  if (!worksTasks) return null;
  const handed = await post("/call-tasks/next");
  if (handed.opens_at) closedUntil = handed.opens_at;
  return handed.task ? { kind: "task", call: handed.task } : null;
}

// → whether there was anybody.
async function look() {
  if (looking || !dials) return true;
  looking = true;
  closedUntil = "";
  try {
    present(await find());
    return Boolean(shown);
  } catch (error) {
    complain(error);
    return true;
  } finally {
    looking = false;
  }
}

function present(entry) {
  shown = entry;
  changedAt = performance.now();
  show();
  if (shown?.call.patient) void loadPatient(shown);
}

async function loadPatient({ kind, call }) {
  try {
    const patient = await get(`/patients/${call.patient.id}/card`);
    // Of the call something else may have been heard meanwhile.
    if (shown?.kind !== kind || shown.call.id !== call.id) return;
    shown = { ...shown, patient };
    show();
  } catch (error) {
    if (error.status !== 404 && error.status !== 403) complain(error);
  }
}

function close() {
  shown = null;
  show();
}

async function dialShown() {
  if (!shown || over(shown) || performance.now() - changedAt < SETTLE) return;
  const { call, kind } = shown;
  if (!(await (kind === "task" ? dialTask(call.id) : dial(call.number, { patient: call.patient?.id })))) return;
  if (kind !== "task") remember(call);
  close();
}

// The key and the button: the first one, or another instead of the one that is shown.
export async function nextOrSkip() {
  if (desk.selected) return;
  if (shown?.kind === "task" && !over(shown)) {
    if (!(await skipTask(shown.call))) return;
  } else if (shown) passed.add(shown.call.id);
  if (await look()) return;
  const skipped = passed.size > 0;
  passed.clear();
  if (closedUntil) toast(t("Patients are called from the list again from {time} on.", { time: exact(closedUntil) }));
  else toast(skipped ? t("That was the last one. Those you skipped come again.") : t("Nobody is waiting to be called."));
}

// → whether it was skipped; it needs a reason.
async function skipTask(task) {
  const note = await ask(t("Skip this task?"), { field: t("Reason"), action: t("Skip") });
  if (note === null) return false;
  try {
    await post(`/call-tasks/${task.id}/skip`, { note });
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export function dialNext() {
  if (!place.hidden && !desk.selected) void dialShown();
}

export function toggleNext() {
  if (choice) choice.click();
}

const WHY = {
  missed: (call) => ({ picture: "telephone-x", title: t("Missed call"), when: call.started_at, about: regionOf(call) || t("Region unknown") }),
  callback: (call) => ({ picture: "calendar-check", title: t("Agreed call-back"), when: call.call_back_at, badge: urgencyBadge(call), about: regionOf(call) || t("Region unknown") }),
  task: (task) => ({
    picture: "list-task", title: t("Call task"), when: task.next_at, badge: overdueBadge(task),
    about: [task.purpose, task.attempts ? t("Attempts so far: {count}", { count: task.attempts }) : "", task.note].filter(Boolean).join(" · "),
  }),
};

function headOf({ kind, call }) {
  const { picture, title, when, badge, about } = WHY[kind](call);
  return el("header", { class: "pop-head" },
    el("div", { class: "pop-number" }, el("span", { class: "pop-way" }, icon(picture)), el("strong", { class: "number" }, numberOf(call))),
    el("div", { class: "pop-about" }, el("span", {}, about)),
    el("div", { class: "next-why" }, el("strong", {}, title), el("time", { datetime: when }), badge));
}

function actionsOf(entry) {
  return el("div", { class: "pop-actions" },
    el("button", { type: "button", class: "btn btn-primary btn-lg", "data-key": "next-dial", "aria-keyshortcuts": "Y", disabled: over(entry), onclick: dialShown }, icon("telephone-outbound"), t("Dial"), el("kbd", {}, "Y")),
    el("button", { type: "button", class: "btn btn-lg", "data-key": "next-skip", "aria-keyshortcuts": "X", onclick: nextOrSkip }, icon("skip-forward"), t("Skip"), el("kbd", {}, "X")),
    el("button", { type: "button", class: "btn btn-quiet", "data-key": "next-close", onclick: close }, t("Not now")),
    el("span", { class: "pop-hint", role: "status" }, over(entry) ? t("Dealt with meanwhile.") : ""));
}

function bodyOf({ call, patient }) {
  const known = patient ?? call.patient;
  return el("div", { class: "pop-body" },
    known ? el("div", { class: "pop-person" },
      el("div", { class: "pop-name" }, el("a", { href: `/patients/${known.id}`, class: "cut-2", "data-key": "next-patient" }, known.name), el("span", { class: "quiet" }, aboutPatient(known))),
      el("div", { class: "pop-badges" }, badges(known))) : el("p", { class: "quiet" }, t("This number is on no record.")),
    patient?.last_contacts ? contacts(patient.last_contacts) : call.notes ? el("p", { class: "next-notes" }, call.notes) : null);
}

function show() {
  place.hidden = !shown;
  ready.hidden = Boolean(shown);
  const built = refresh(place, shown ? [shown, over(shown)] : "", () => (shown ? [headOf(shown), actionsOf(shown), bodyOf(shown)] : []));
  if (built) writeTimes(place);
}

store.addEventListener("calls", (event) => {
  if (!shown || shown.kind === "task" || event.detail.data?.id !== shown.call.id) return;
  shown = { ...shown, call: event.detail.data };
  show();
});

socket.addEventListener("message", ({ detail }) => {
  if (shown?.kind !== "task" || detail.topic !== "call_tasks" || detail.data?.id !== shown.call.id) return;
  shown = { ...shown, call: detail.data };
  show();
});

const isOnThePhone = () => desk.selected && desk.selected.state !== "ended";

// One of the list was chosen: it is held for this agent while it is looked at. Whoever calls meanwhile stays in front of it.
document.addEventListener("huifang:task-chosen", async (event) => {
  if (isOnThePhone()) return;
  try {
    const task = await post(`/call-tasks/${event.detail}/claim`);
    if (!isOnThePhone()) desk.select(null);
    present({ kind: "task", call: task });
  } catch (error) {
    complain(error);
  }
});

if (choice) {
  choice.checked = localStorage.getItem(KEPT) === "on";
  choice.addEventListener("change", () => localStorage.setItem(KEPT, choice.checked ? "on" : "off"));
}
// The call leaves the desk with the news that it is finished, which may come after the answer that says so.
function goOn() {
  if (writtenDown === null || desk.selectedId === writtenDown) return;
  writtenDown = null;
  if (choice?.checked && !desk.selected) void look();
}

document.addEventListener("huifang:wrapped-up", (event) => {
  if (event.detail.direction === "out") remember(event.detail);
  shown = null;
  show();
  writtenDown = event.detail.id;
  goOn();
});
desk.addEventListener("change", goOn);
