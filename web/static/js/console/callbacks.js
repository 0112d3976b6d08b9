// Left: whom to call back and when, my own first. A click dials; the call that was wrapped up takes the entry away.
import { get } from "../api.js";
import { everySecond, now } from "../clock.js";
import { el, refresh } from "../dom.js";
import { me, store } from "../live.js";
import { withMore } from "../newest.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { writeTimes } from "../times.js";
import { whoOf } from "../words.js";
import { markCallBack } from "./actions.js";
import { KeptList } from "./kept_list.js";
import { keepPlace, nothing, workLine } from "./work.js";

const AT_ONCE = 30;
const MOST = 200;
const OVERDUE_AFTER = 15 * 60 * 1000;
const box = document.getElementById("callbacks");
const count = document.querySelector("[data-count=callbacks]");

const kept = new KeptList((options) => get(`/callbacks?limit=${Math.min(MOST, Math.max(AT_ONCE, owed.items.length))}`, options), (page) => {
  owed = { items: page.items, next: page.next, loaded: true };
  show();
});
let owed = { items: [], next: null, loaded: false };

// "overdue" a quarter of an hour after the agreed time, "due" from that time on, else "later".
function urgency(call) {
  const late = now() - Date.parse(call.call_back_at);
  if (late < 0) return "later";
  return late < OVERDUE_AFTER ? "due" : "overdue";
}

export const myDue = () => owed.items.filter((call) => call.agent?.id === me && urgency(call) !== "later");

const BADGES = {
  overdue: () => el("span", { class: "badge-soft badge-bad", title: t("More than a quarter of an hour late") }, t("Overdue")),
  due: () => el("span", { class: "badge-soft badge-warn", title: t("The agreed time has come") }, t("Due")),
  later: () => null,
};

export const urgencyBadge = (call) => BADGES[urgency(call)]();

function line(call) {
  const colleague = call.agent && call.agent.id !== me ? call.agent.name : "";
  return workLine(call, {
    list: "callback", when: call.call_back_at, badge: urgencyBadge(call),
    about: [colleague, call.notes].filter(Boolean).join(" · "),
    tick: { title: t("Done: tick off the list"), run: () => tickOff(call) },
  });
}

async function tickOff(call) {
  if (!(await markCallBack(call, true))) return;
  drop(call.id);
  toast(t("Call-back ticked off: {who}", { who: whoOf(call) }), { seconds: 12, action: { label: t("Undo"), run: () => takeBack(call) } });
}

async function takeBack(call) {
  if (await markCallBack(call, false)) kept.soon(0);
}

const drop = (id) => kept.pages.hear(() => takeOut(id));

function takeOut(id) {
  if (!owed.items.some((call) => call.id === id)) return;
  owed = { ...owed, items: owed.items.filter((call) => call.id !== id) };
  keepPlace(box, show);
}

function show() {
  const urgent = owed.items.filter((call) => urgency(call) !== "later").length;
  count.textContent = owed.loaded ? `${owed.items.length}${owed.next ? "+" : ""}` : "–";
  count.classList.toggle("badge-warn", urgent > 0);
  refresh(box, [owed.loaded, owed.next, owed.items.map((call) => [call.id, call.patient?.name, call.number, call.call_back_at, call.notes, call.agent?.id, urgency(call)])], () => {
    if (!owed.items.length) {
      return owed.loaded && nothing("calendar-check", t("No call-back agreed"), t("Say “call back at …” when you wrap up a call: it appears here at its time."));
    }
    return [el("ul", { class: "work-list" }, owed.items.map(line)),
      owed.next ? el("button", { type: "button", class: "btn btn-sm btn-quiet work-more", "data-key": "more-callbacks", onclick: more }, t("Show more")) : null];
  });
  writeTimes(box);
}

async function more() {
  try {
    await kept.pages.more(() => get(`/callbacks?limit=${AT_ONCE}&cursor=${encodeURIComponent(owed.next)}`), (page) => {
      owed = withMore(owed, page);
      show();
    });
  } catch (error) {
    complain(error);
  }
}

store.addEventListener("calls", (event) => {
  const { data, before } = event.detail;
  if (!data) return;
  if (data.call_back !== "open") drop(data.id);
  if (data.call_back === "open" && (before?.call_back !== "open" || before.call_back_at !== data.call_back_at)) kept.soon();
});
everySecond(show);
show();
kept.keep();
