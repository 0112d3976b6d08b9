// Left, at the bottom, where there are any: calls that somebody answered at a telephone and that nobody took on the screen.
// Who says "that was me" has the call, and writes down what came of it.
import { get } from "../api.js";
import { el, icon, refresh } from "../dom.js";
import { duration } from "../format.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { writeTimes } from "../times.js";
import { lineName, numberOf, whoOf } from "../words.js";
import { claimLate, takeBackClaim } from "./actions.js";
import { desk } from "./desk.js";
import { KeptList } from "./kept_list.js";
import { keepPlace, nothing } from "./work.js";

const AT_ONCE = 30;
// All who are asked hear of it at once; they do not ask back at once.
const SOON = 400;
const SPREAD = 1500;
const box = document.getElementById("unclaimed");
const count = document.querySelector("[data-count=unclaimed]");

const kept = new KeptList((options) => get(`/calls/unclaimed?limit=${AT_ONCE}`, options), (page) => {
  items = page.items;
  more = Boolean(page.next);
  show();
});
let items = [];
let more = false;

const talked = (call) => duration((Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000);

async function take(call) {
  if (!(await claimLate(call))) {
    kept.soon(0);
    return;
  }
  desk.select(call.id);
  toast(t("The call is yours: {who}", { who: whoOf(call) }), { seconds: 12, action: { label: t("Undo"), run: () => takeBackClaim(call) } });
}

const line = (call) => el("li", { class: "work-item", "data-unclaimed": call.id },
  el("div", { class: "work-who" }, el("span", { class: "cut" }, whoOf(call)),
    el("span", { class: "work-when" }, el("span", { class: "number", title: t("Talk time") }, talked(call)), el("time", { datetime: call.started_at }))),
  el("div", { class: "work-claim" }, el("span", { class: "quiet small cut" }, call.patient ? numberOf(call) : lineName(call.line.name)),
    el("button", {
      type: "button", class: "btn btn-sm", "data-key": `unclaimed-${call.id}`, "aria-label": t("That was me: {who}", { who: whoOf(call) }), onclick: () => take(call),
    }, icon("hand-index"), t("That was me"))));

function show() {
  count.textContent = `${items.length}${more ? "+" : ""}`;
  refresh(box, items.map((call) => [call.id, whoOf(call)]), () => (items.length ? el("ul", { class: "work-list" }, items.map(line))
    : nothing("hand-index", t("Every call has its agent"), t("Calls that were answered at a telephone and that nobody took appear here."))));
  writeTimes(box);
}

// Somebody has it.
function takeOut(id) {
  if (!items.some((one) => one.id === id)) return;
  items = items.filter((one) => one.id !== id);
  keepPlace(box, show);
}

if (box) {
  store.addEventListener("calls", ({ detail: { data: call } }) => {
    if (!call || call.state !== "ended" || call.direction !== "in" || !call.answered_at) return;
    if (!call.agent) kept.soon(SOON + Math.random() * SPREAD);
    else kept.pages.hear(() => takeOut(call.id));
  });
  show();
  kept.keep();
}
