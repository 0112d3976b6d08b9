// Left: missed calls to be worked down, wrap-ups to be finished, and today's counts in the top bar.
import { get } from "../api.js";
import { el, icon, refresh } from "../dom.js";
import { now } from "../clock.js";
import { toLocalField } from "../format.js";
import { me, store } from "../live.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { whoOf } from "../words.js";
import { handleMissed } from "./actions.js";
import { desk } from "./desk.js";
import { KeptList } from "./kept_list.js";
import { keepPlace, nothing, workLine } from "./work.js";

const AT_ONCE = 30;
const missedBox = document.getElementById("missed");
const owedBox = document.getElementById("owed");
const counts = { missed: document.querySelectorAll("[data-count=missed]"), owed: document.querySelectorAll("[data-count=owed]") };
const today = Object.fromEntries(["in", "out"].map((name) => [name, document.querySelector(`[data-today=${name}]`)]));

const kept = new KeptList((options) => Promise.all([get(`/calls/missed?limit=${AT_ONCE}`, options), callsOfToday(options)]), ([page, calls]) => {
  missed = { items: page.items, next: page.next, loaded: true };
  showMissed();
  showToday(calls);
});
let missed = { items: [], next: null, loaded: false };

function count(name, text) {
  for (const element of counts[name]) element.textContent = text;
}

const missedLine = (call) => workLine(call, {
  list: "missed", when: call.started_at, tick: { title: t("Dealt with: tick off the list"), run: () => tickOff(call) },
});

async function tickOff(call) {
  if (await handleMissed(call)) drop(call.id);
}

const drop = (id) => kept.pages.hear(() => takeOut(id));

function takeOut(id) {
  missed = { ...missed, items: missed.items.filter((call) => call.id !== id) };
  keepPlace(missedBox, showMissed);
}

function showMissed() {
  count("missed", missed.loaded ? `${missed.items.length}${missed.next ? "+" : ""}` : "–");
  refresh(missedBox, [missed.loaded, missed.items.map((call) => [call.id, call.patient?.name])], () => (missed.items.length
    ? el("ul", { class: "work-list" }, missed.items.map(missedLine))
    : missed.loaded && nothing("check2-circle", t("Nobody waits"), t("Missed calls appear here to be called back."))));
  writeTimes(missedBox);
}

function showOwed() {
  const owed = desk.owed;
  count("owed", String(owed.length));
  refresh(owedBox, [desk.selectedId, owed.map((call) => [call.id, whoOf(call)])], () => (owed.length
    ? el("ul", { class: "work-list" }, owed.map((call) => el("li", {}, el("button", {
      type: "button", class: "work-item work-button", "data-key": `owed-${call.id}`, "aria-current": call.id === desk.selectedId ? "true" : null, onclick: () => desk.select(call.id),
    }, el("span", { class: "work-who" }, el("span", { class: "cut" }, whoOf(call)), el("time", { datetime: call.started_at })), icon("chevron-right")))))
    : nothing("journal-check", t("All wrap-ups finished"), t("Calls with an unfinished wrap-up appear here."))));
  writeTimes(owedBox);
}

function callsOfToday(options) {
  const day = toLocalField(new Date(now()).toISOString()).slice(0, 10);
  return get(`/calls?limit=200&agent_id=${me}&from_day=${day}`, options);
}

function showToday({ items, next }) {
  const more = next ? "+" : "";
  for (const [name, place] of Object.entries(today)) place.textContent = `${items.filter((call) => call.direction === name).length}${more}`;
}

const isMine = (call) => call?.agent?.id === me;
const waits = (call) => Boolean(call?.missed && !call.missed_handled_at);

// Many hear of a call that a colleague spoke on; only what is missed, or mine, is in these lists and counts.
function concerns({ data, type, before }) {
  if (type === "call.ended" && (data.missed || isMine(data))) return true;
  return waits(data) !== waits(before) || isMine(data) !== isMine(before);
}

store.addEventListener("calls", ({ detail }) => {
  if (detail.data?.missed_handled_at) drop(detail.data.id);
  if (detail.data && concerns(detail)) kept.soon();
});
desk.addEventListener("change", showOwed);
showOwed();
kept.keep();
