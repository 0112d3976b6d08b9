// Left: the conversations of a box, newest words first; live, without moving what is being pointed at more than needed.
import { TRY_AGAIN, get } from "../api.js";
import { everySecond, now } from "../clock.js";
import { el, icon, refresh } from "../dom.js";
import { inTime } from "../in_time.js";
import { socket, store } from "../live.js";
import { Newest, withMore } from "../newest.js";
import { WAITING, lostBadge, stopBadge, talkName } from "../sms.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { writeTimes } from "../times.js";
import { belongs, desk } from "./desk.js";

const AT_ONCE = 40;
const SEARCH_AFTER = 250;
const LONG_WAIT = 30; // Minutes after which a wait is called out.
const box = document.getElementById("talks");
const boxes = document.getElementById("boxes");
const search = document.getElementById("talk-search");
const counts = document.querySelectorAll("[data-waiting]");

const pages = new Newest();
let list = { items: [], next: null, loaded: false };
let searching = null;

const EMPTY = {
  open: ["check2-circle", t("Nothing to do"), t("New messages from patients appear here.")],
  mine: ["person-check", t("Nothing for you"), t("Messages from your patients, and those assigned to you, appear here.")],
  department: ["people", t("Nothing for the department"), t("Messages from patients of your department appear here.")],
  unassigned: ["inbox", t("Nobody waits"), t("Texts from unknown numbers and of patients without a doctor appear here.")],
  snoozed: ["alarm", t("Nothing is snoozed"), t("A snoozed conversation returns at its time, or with the next message.")],
  done: ["archive", t("Nothing is done yet"), t("A closed conversation reopens with the next message.")],
};

function waited(talk) {
  if (!talk.waiting) return null;
  const minutes = Math.max(0, Math.floor((now() - Date.parse(talk.waiting_since)) / 60000));
  const words = minutes < 1 ? t("waiting less than a minute") : minutes < 60 ? t("waiting {count} min", { count: minutes }) : minutes < 1440
    ? t("waiting {count} h", { count: Math.floor(minutes / 60) }) : t("waiting {count} days", { count: Math.floor(minutes / 1440) });
  return { words, long: minutes >= LONG_WAIT };
}

function line(talk) {
  const wait = waited(talk);
  return el("li", {}, el("button", {
    type: "button", class: "talk", "data-talk": talk.id, "data-key": `talk-${talk.id}`, "data-unread-talk": talk.unread > 0,
    "aria-current": talk.id === desk.talk?.id ? "true" : null, onclick: () => desk.show(talk.id, talk),
  },
  el("span", { class: "talk-top" }, el("strong", { class: "cut" }, talkName(talk)), el("time", { datetime: talk.last_at })),
  el("span", { class: "talk-last" }, el("span", { class: "cut" }, talk.last_direction === "out" ? el("span", { class: "talk-us" }, icon("reply-fill"), " ") : null, talk.last_text),
    talk.unread ? el("span", { class: "count", title: t("unread: {count}", { count: talk.unread }) }, String(talk.unread)) : null),
  el("span", { class: "talk-about" },
    wait ? el("span", { class: wait.long ? "talk-wait is-long" : "talk-wait" }, icon("hourglass-split"), wait.words) : null,
    lostBadge(talk),
    el("span", { class: "cut" }, talk.assigned_to?.name ?? talk.department?.name ?? t("SMS desk")),
    !talk.patient && talk.candidates > 1 ? el("span", { class: "badge-soft badge-warn" }, t("whose?")) : null, stopBadge(talk))));
}

function show() {
  const signature = [desk.box, desk.words, list.loaded, list.next, desk.talk?.id, list.items.map((talk) => [talk.id, talk.version, waited(talk)])];
  refresh(box, signature, () => {
    if (!list.loaded) return el("li", { class: "quiet talk-loading" }, t("Loading…"));
    if (!list.items.length) {
      const [picture, title, words] = desk.words ? ["search", t("No patient found"), t("Search for less, or look in another box.")] : EMPTY[desk.box];
      return el("li", { class: "empty empty-small" }, icon(picture), el("strong", {}, title), el("p", {}, words));
    }
    return [...list.items.map(line),
      list.next ? el("li", {}, el("button", { type: "button", class: "btn btn-sm btn-quiet talk-more", "data-key": "more-talks", onclick: more }, t("Show more"))) : null];
  });
  writeTimes(box);
}

const query = (cursor = "") => new URLSearchParams({ box: desk.words ? "all" : desk.box, limit: String(AT_ONCE), ...(desk.words ? { q: desk.words } : {}), ...(cursor ? { cursor } : {}) });

async function load() {
  try {
    await pages.ask(() => get(`/conversations?${query()}`), (page) => {
      list = { items: page.items, next: page.next, loaded: true };
      show();
    });
  } catch (error) {
    if (error.status) complain(error);
  }
}

async function more() {
  try {
    await pages.more(() => get(`/conversations?${query(list.next)}`), (page) => {
      list = withMore(list, page);
      show();
    });
  } catch (error) {
    complain(error);
  }
}

// An event brings the whole state: the entry is replaced, comes, or goes; the order is that of the last words.
function heard(talk) {
  if (!list.loaded) return;
  const before = list.items.find((one) => one.id === talk.id);
  if (before && before.version > talk.version) return;
  const others = list.items.filter((one) => one.id !== talk.id);
  const wanted = desk.words ? Boolean(before) : belongs(talk, desk.box);
  // What is in front stays where it is until something else is, so that it can be read in peace.
  const stays = before && talk.id === desk.talk?.id;
  const items = wanted || stays ? [...others, talk] : others;
  list = { ...list, items: items.sort((one, other) => Date.parse(other.last_at) - Date.parse(one.last_at) || other.id - one.id) };
  show();
}

const countSoon = inTime(async (signal) => {
  try {
    const found = await get("/conversations/counts", { signal });
    for (const place of counts) place.textContent = found[place.dataset.waiting] ? String(found[place.dataset.waiting]) : "";
  } catch {
    countSoon(TRY_AGAIN); // The banner says that the server is away; where it is not, there may be no more news.
  }
}, 500);

// Up and down, from wherever the keyboard is; it stays in the list, so that the next press goes on.
export function step(by) {
  const items = [...box.querySelectorAll(".talk")];
  const at = items.findIndex((item) => item.dataset.talk === String(desk.talk?.id ?? ""));
  const next = items[Math.min(items.length - 1, Math.max(0, at + by))];
  if (!next) return;
  next.focus({ preventScroll: true });
  desk.stepping = true;
  next.click();
  desk.stepping = false;
  document.activeElement.scrollIntoView({ block: "nearest" });
}

boxes.addEventListener("click", (event) => {
  const button = event.target.closest("[data-box]");
  if (!button) return;
  search.value = "";
  desk.choose(button.dataset.box, "");
});
search.addEventListener("input", () => {
  clearTimeout(searching);
  searching = setTimeout(() => desk.choose(desk.box, search.value.trim()), SEARCH_AFTER);
});
desk.addEventListener("box", () => {
  for (const button of boxes.querySelectorAll("[data-box]")) button.setAttribute("aria-pressed", String(!desk.words && button.dataset.box === desk.box));
  list = { items: [], next: null, loaded: false };
  show();
  void load();
});
desk.addEventListener("talk", () => {
  const gone = list.items.filter((talk) => talk.id === desk.talk?.id || desk.words || belongs(talk, desk.box));
  list = { ...list, items: gone };
  show();
});
store.addEventListener("conversations", ({ detail }) => {
  if (detail.data) pages.hear(() => heard(detail.data));
  countSoon();
});
socket.whenReady(() => {
  void load();
  countSoon(0);
});
for (const place of counts) place.title = WAITING;
everySecond(show);
show();
void load();
countSoon(0);
