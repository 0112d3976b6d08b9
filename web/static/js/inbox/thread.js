// Middle: what was said, as bubbles, each with what became of it. Above them: head.js.
import { get, post } from "../api.js";
import { el, icon, refresh } from "../dom.js";
import { dayOf, exact, relative, sameDay, timeOfDay } from "../format.js";
import { me, socket, store } from "../live.js";
import { Newest } from "../newest.js";
import { money, partWord, reasonWord, stateIcon, stateWord, waitsForGateway } from "../sms.js";
import { sendAgain } from "../messages/again.js";
import { gatewaySays, t } from "../text.js";
import { complain, toast } from "../toast.js";
import { desk, may } from "./desk.js";
import { showHead } from "./head.js";

const AT_ONCE = 40;
const bubbles = document.getElementById("bubbles");
const none = document.getElementById("thread-none");

const pages = new Newest();
const histories = new Newest();
let said = { id: null, items: [], next: null, known: false, failed: "" }; // newest first; known: they have come
let opened = null; // id of the message whose history is shown
let history = null;
let reading = null;

const dayWord = (iso) => (sameDay(iso) ? t("Today") : dayOf(iso));
const NOT_ARRIVED = ["failed", "unknown"];

const isPlanned = (message) => message.state === "queued" && message.next_at && !waitsForGateway(message.reason);

function whenWord(message) {
  if (message.direction === "in") return timeOfDay(message.created_at);
  if (isPlanned(message) && Date.parse(message.next_at) > Date.parse(message.created_at)) {
    return t("goes {time}", { time: relative(message.next_at) });
  }
  return timeOfDay(message.created_at);
}

function bubble(message) {
  const ours = message.direction === "out";
  const who = ours ? message.created_by?.name ?? t("automatic") : "";
  return el("li", { class: `bubble ${ours ? "is-ours" : "is-theirs"}`, "data-message": message.id, "data-state": message.state },
    el("div", { class: "bubble-text" }, message.text),
    message.reason === "incomplete" ? el("div", { class: "bubble-note" }, icon("exclamation-triangle-fill"), t("parts of it never came")) : null,
    el("div", { class: "bubble-foot" },
      who ? el("span", {}, who) : null, el("span", { class: "number", title: exact(message.created_at) }, whenWord(message)),
      ours ? el("button", { type: "button", class: "bubble-state", "data-state": message.state, "data-key": `state-${message.id}`, "aria-expanded": String(opened === message.id), onclick: () => tell(message) },
        stateIcon(message.state), el("span", {}, stateWord(message.state))) : null),
    ours && (message.reason || message.reason_words) ? el("div", { class: "bubble-why" }, [reasonWord(message.reason), gatewaySays(message.reason_words)].filter(Boolean).join("：")) : null,
    opened === message.id ? historyOf(message) : null);
}

const fact = (label, value) => (value ? [el("dt", {}, label), el("dd", {}, value)] : []);

function historyOf(message) {
  const tries = history?.id === message.id ? history.tries ?? [] : [];
  return el("div", { class: "bubble-history" }, el("dl", {},
    fact(t("Written"), exact(message.created_at)), fact(stateWord(message.state), exact(message.state_at)),
    isPlanned(message) ? fact(t("Not before"), exact(message.next_at)) : [], fact(t("Not later than"), exact(message.expires_at)),
    fact(t("Gateway"), message.gateway?.name), fact(t("Parts"), message.parts ? `${message.parts} · ${money(message.cost)}` : "")),
  tries.length ? el("ol", { class: "tries" }, tries.map((one) => el("li", {}, [exact(one.sent_at), one.gateway?.name, t("part {position}/{total}", { position: one.part, total: one.parts }), partWord(one.state), [gatewaySays(one.words), one.code].filter(Boolean).join(" ")].filter(Boolean).join(" · ")))) : null,
  message.state === "queued" && message.created_by?.id === me && may.reply ? el("button", { type: "button", class: "btn btn-sm", onclick: () => cancel(message) }, icon("x-lg"), t("Cancel sending")) : null,
  NOT_ARRIVED.includes(message.state) && may.send ? el("button", { type: "button", class: "btn btn-sm", "data-key": `again-${message.id}`, "data-again": message.id, onclick: () => repeat(message) }, icon("arrow-clockwise"), t("Send again")) : null,
  may.records ? el("a", { class: "btn btn-sm btn-quiet", href: `/messages/${message.id}`, "data-key": `whole-${message.id}` }, t("All about this message")) : null);
}

function tell(message) {
  opened = opened === message.id ? null : message.id;
  history = null;
  show();
  if (opened !== null) void recall(message);
}

async function recall({ id }) {
  try {
    await histories.ask(() => get(`/messages/${id}`), (whole) => {
      if (opened !== id) return;
      history = { id, tries: whole.history ?? [] };
      show();
    });
  } catch {
    // What is known already is shown.
  }
}

async function cancel(message) {
  try {
    heard(await post(`/conversations/${message.conversation_id}/messages/${message.id}/cancel`));
  } catch (error) {
    complain(error);
  }
}

async function repeat(message) {
  try {
    const made = await sendAgain(message);
    if (!made) return;
    heard(made);
    toast(t("Queued once more."), { kind: "good" });
    if (made.conversation_id === desk.talk?.id) toEnd();
  } catch (error) {
    complain(error);
  }
}

function withDays(items) {
  let day = "";
  return [...items].reverse().flatMap((message) => {
    const own = dayOf(message.created_at);
    const first = own !== day;
    day = own;
    return [first ? el("li", { class: "bubble-day" }, dayWord(message.created_at)) : null, bubble(message)];
  });
}

function show() {
  const talk = desk.talk;
  none.hidden = Boolean(talk || desk.to);
  bubbles.hidden = !talk && !desk.to;
  showHead();
  if (!talk) {
    refresh(bubbles, ["to", desk.to?.id], () => (desk.to ? el("li", { class: "bubble-day" }, t("Nothing was written yet")) : []));
    return;
  }
  const end = atEnd;
  const signature = [said.id, said.next, said.known, said.failed, opened, history, said.items.map((message) => [message.id, message.version, message.state])];
  if (refresh(bubbles, signature, () => [
    said.next ? el("li", { class: "bubble-more" }, el("button", { type: "button", class: "btn btn-sm btn-quiet", "data-key": "earlier", onclick: earlier }, t("Earlier ones"))) : null,
    said.known ? null : pending(),
    ...withDays(said.items)]) && end) toEnd();
}

function pending() {
  if (!said.failed) return el("li", { class: "bubble-pending quiet" }, t("Loading…"));
  return el("li", { class: "bubble-failed", role: "alert" }, el("p", {}, said.failed), el("button", { type: "button", class: "btn btn-sm", "data-key": "load-again", onclick: again }, icon("arrow-clockwise"), t("Try again")));
}

function again() {
  said = { ...said, failed: "" };
  show();
  void load(said.id);
}

function toEnd() {
  bubbles.scrollTop = bubbles.scrollHeight;
}

// Whoever is at the last words still sees them when the reply box below them grows.
let atEnd = true;
bubbles.addEventListener("scroll", () => {
  atEnd = bubbles.scrollHeight - bubbles.scrollTop - bubbles.clientHeight < 60;
}, { passive: true });
new ResizeObserver(() => atEnd && toEnd()).observe(bubbles);

async function load(id) {
  try {
    await pages.ask(() => get(`/conversations/${id}/messages?limit=${AT_ONCE}`), (page) => {
      if (desk.talk?.id !== id) return;
      said = { id, items: page.items, next: page.next, known: true, failed: "" };
      show();
      toEnd();
      readSoon();
    });
  } catch (error) {
    if (desk.talk?.id !== id) return;
    // What is shown already is good still; a thread that is empty for no reason would be taken for one in which nothing was said.
    if (said.known) complain(error);
    else said = { ...said, failed: error.message };
    show();
  }
}

async function earlier() {
  const { id, next } = said;
  const height = bubbles.scrollHeight;
  try {
    await pages.more(() => get(`/conversations/${id}/messages?limit=${AT_ONCE}&cursor=${encodeURIComponent(next)}`), (page) => {
      if (said.id !== id || said.next !== next) return; // Pressed twice, they have come already.
      said = { ...said, items: [...said.items, ...page.items], next: page.next };
      show();
      bubbles.scrollTop = bubbles.scrollHeight - height;
    });
  } catch (error) {
    complain(error);
  }
}

// A message as it is now: new ones come at the end, known ones are replaced.
export const heard = (message) => pages.hear(() => put(message));

function put(message) {
  if (message.conversation_id !== said.id || said.id !== desk.talk?.id) return;
  const before = said.items.find((one) => one.id === message.id);
  if (before && before.version > message.version) return;
  // One of those before, which have not been asked for: it comes with them.
  if (!before && said.next && message.id < said.items.at(-1)?.id) return;
  const others = said.items.filter((one) => one.id !== message.id);
  said = { ...said, items: [...others, message].sort((one, other) => other.id - one.id) };
  show();
  if (opened === message.id) void recall(message);
  if (!before) readSoon();
}

// Read is what was on a page that somebody looks at.
function readSoon() {
  clearTimeout(reading);
  reading = setTimeout(() => {
    const talk = desk.talk;
    if (!talk?.unread || document.hidden || said.id !== talk.id || !said.items.length) return;
    void desk.command("read", { last_message: said.items[0].id });
  }, 600);
}

desk.addEventListener("talk", () => {
  opened = null;
  history = null;
  if (desk.talk) {
    said = { id: desk.talk.id, items: [], next: null, known: false, failed: "" };
    void load(desk.talk.id);
  }
  show();
});
desk.addEventListener("known", () => {
  showHead();
  readSoon();
});
document.addEventListener("visibilitychange", readSoon);
socket.addEventListener("message", ({ detail }) => detail.type === "message.updated" && heard(detail.data));
socket.whenReady(() => desk.talk && load(desk.talk.id));
store.addEventListener("conversations", ({ detail }) => {
  // Messages to many are not told one by one; what the conversation tells of and we lack is asked for.
  const { data, before } = detail;
  if (data?.id === desk.talk?.id && before && data.last_at !== before.last_at && !document.body.dataset.topics.includes("messages")) void load(data.id);
});
