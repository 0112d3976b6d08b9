// Left: my tasks of the work list, in the order in which they come. A click shows one in the middle, before it is dialled.
import { get } from "../api.js";
import { everySecond, now } from "../clock.js";
import { el, icon, refresh } from "../dom.js";
import { exact, sameDay } from "../format.js";
import { dials, socket, store } from "../live.js";
import { withMore } from "../newest.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { writeTimes } from "../times.js";
import { numberOf } from "../words.js";
import { KeptList } from "./kept_list.js";
import { nothing } from "./work.js";

const AT_ONCE = 40;
const MOST = 200;
const EVERY = 60000; // Tasks become due by the clock, which no event tells of.
const box = document.getElementById("tasks");
const counts = Object.fromEntries(["overdue", "today"].map((name) => [name, document.querySelector(`[data-tasks=${name}]`)]));

export const worksTasks = Boolean(box) && dials;

const kept = new KeptList(ask, ([page, counted]) => {
  list = { items: page.items, next: page.next, loaded: true };
  for (const [name, place] of Object.entries(counts)) place.textContent = String(counted[name]);
  counts.overdue.parentElement.classList.toggle("badge-bad", counted.overdue > 0);
  show();
});
let list = { items: [], next: null, loaded: false };
let loadedAt = 0;

const isDue = (task) => Date.parse(task.next_at) <= now();
const isOverdue = (task) => isDue(task) && !sameDay(task.next_at);

export const overdueBadge = (task) => {
  if (isOverdue(task)) return el("span", { class: "badge-soft badge-bad", title: t("Due since before today") }, t("Overdue"));
  return task.priority === 1 ? el("span", { class: "badge-soft badge-warn" }, t("urgent")) : null;
};

function line(task) {
  return el("li", { "data-task": task.id }, el("button", {
    type: "button", class: "work-item work-button", "data-key": `task-${task.id}`,
    onclick: () => document.dispatchEvent(new CustomEvent("huifang:task-chosen", { detail: task.id })),
  },
  el("span", { class: "work-lines" },
    el("span", { class: "work-who" }, el("span", { class: "cut" }, task.patient?.name ?? numberOf(task)),
      el("span", { class: "work-when" }, overdueBadge(task), el("time", { datetime: task.next_at }))),
    el("span", { class: "work-about quiet small cut-2", title: task.purpose }, task.purpose)),
  icon("chevron-right")));
}

function show() {
  if (!list.loaded) return;
  refresh(box, [list.next, list.items.map((task) => [task.id, task.version, isDue(task), isOverdue(task)])], () => {
    if (!list.items.length) return nothing("list-check", t("No task for you"), t("Patients whom you are to call appear here."));
    return [el("ul", { class: "work-list" }, list.items.map(line)),
      list.next ? el("button", { type: "button", class: "btn btn-sm btn-quiet work-more", "data-key": "more-tasks", onclick: more }, t("Show more")) : null];
  });
  writeTimes(box);
}

function ask(options) {
  loadedAt = now();
  const limit = Math.min(MOST, Math.max(AT_ONCE, list.items.length));
  return Promise.all([get(`/call-tasks/mine?limit=${limit}`, options), get("/call-tasks/counts", options)]);
}

async function more() {
  try {
    await kept.pages.more(() => get(`/call-tasks/mine?limit=${AT_ONCE}&cursor=${encodeURIComponent(list.next)}`), (page) => {
      list = withMore(list, page);
      show();
    });
  } catch (error) {
    complain(error);
  }
}

const BECAME = {
  open: (task) => t("{who}: comes again {time}.", { who: task.patient?.name ?? numberOf(task), time: exact(task.next_at) }),
  done: (task) => t("{who}: the task is done.", { who: task.patient?.name ?? numberOf(task) }),
  given_up: (task) => t("{who}: the task is given up.", { who: task.patient?.name ?? numberOf(task) }),
  expired: (task) => t("{who}: its time is over, it does not come again.", { who: task.patient?.name ?? numberOf(task) }),
};

// What the outcome did to the task.
async function tell(call) {
  try {
    const task = await get(`/call-tasks/${call.task_id}`);
    if (BECAME[task.state]) toast(BECAME[task.state](task), { kind: task.state === "done" ? "good" : "info", seconds: 10 });
  } catch {
    // It is nobody's loss: the list shows it.
  }
}

if (worksTasks) {
  socket.addEventListener("message", ({ detail }) => detail.topic === "call_tasks" && kept.soon());
  store.addEventListener("calls", ({ detail }) => detail.data?.task_id && kept.soon());
  document.addEventListener("huifang:wrapped-up", (event) => event.detail.task_id && tell(event.detail));
  everySecond(() => {
    show();
    if (now() - loadedAt > EVERY) kept.soon(0);
  });
  kept.keep();
}
