// How far each sending to many is, live: what was chosen, made and left out, and where its messages stand. The figures add up.
import { get, post } from "../api.js";
import { ask } from "../ask.js";
import { now } from "../clock.js";
import { el, icon } from "../dom.js";
import { exact } from "../format.js";
import { inTime } from "../in_time.js";
import { socket } from "../live.js";
import { reasonWord, stateWord, waitsForGateway } from "../sms.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { HALT, number, STATE, WHY } from "./batch_words.js";
import { placedStart } from "./places.js";

const EVERY = 1000; // A batch on its way moves many times a second; its figures are asked for once.
const box = document.getElementById("batches");
const mayBulk = box.dataset.bulk === "yes";

// The bar: what came of everybody who was chosen, best first.
const STRETCHES = {
  good: ["delivered"], sent: ["accepted"], "under-way": ["sending", "queued"], bad: ["failed", "unknown"], over: ["cancelled", "expired", "suppressed"],
};
const STATES = ["queued", "sending", "accepted", "delivered", "failed", "unknown", "expired", "suppressed", "cancelled"];
const sum = (counts) => Object.values(counts).reduce((all, one) => all + one, 0);
const waits = (batch) => (batch.states.queued ?? 0) + (batch.state === "preparing" || batch.state === "paused" ? batch.remaining : 0);

function bar(batch) {
  const parts = Object.entries(STRETCHES).map(([kind, states]) => [kind, states.reduce((all, one) => all + (batch.states[one] ?? 0), 0)]);
  parts.push(["left-out", sum(batch.left_out)]);
  const done = batch.chosen - waits(batch) - (batch.states.sending ?? 0);
  const line = el("div", { class: "batch-bar", role: "progressbar", "aria-label": t("Progress"), "aria-valuemin": 0, "aria-valuemax": batch.chosen, "aria-valuenow": done });
  for (const [kind, count] of parts) {
    if (!count) continue;
    const part = el("span", { "data-kind": kind });
    part.style.flexGrow = count; // Not an attribute: the page's policy allows none.
    line.append(part);
  }
  const rest = el("span", { "data-kind": "rest" });
  rest.style.flexGrow = batch.remaining;
  if (batch.remaining) line.append(rest);
  return line;
}

const term = (word, count, extra = {}) => el("div", extra, el("dt", {}, word), el("dd", { class: "number" }, number(count)));

function figures(batch) {
  const left = Object.entries(batch.left_out);
  const notMade = batch.state === "cancelled" ? t("not made any more") : t("not made yet");
  return el("div", { class: "batch-sums" },
    el("dl", { class: "batch-sum", "data-sum": "chosen" }, term(t("Selected"), batch.chosen, { class: "batch-all", "data-figure": "chosen" }), term(t("Created"), batch.count, { "data-figure": "made" }),
      term(t("left out"), sum(batch.left_out), { "data-figure": "left_out" }), batch.remaining ? term(notMade, batch.remaining, { "data-figure": "remaining" }) : null),
    batch.count ? el("dl", { class: "batch-sum", "data-sum": "made" }, term(t("Created"), batch.count, { class: "batch-all" }),
      STATES.filter((state) => batch.states[state]).map((state) => el("div", { "data-state-count": state }, el("dt", {}, el("a", { href: `/messages?batch_id=${batch.id}&state=${state}` }, stateWord(state))), el("dd", { class: "number" }, number(batch.states[state]))))) : null,
    left.length ? el("dl", { class: "batch-sum", "data-sum": "left-out" }, term(t("Left out"), sum(batch.left_out), { class: "batch-all" }), left.map(([why, count]) => term(WHY[why] ?? why, count))) : null);
}

async function command(batch, name) {
  try {
    show(await post(`/message-batches/${batch.id}/${name}`));
  } catch (error) {
    complain(error);
    look(batch.id);
  }
}

async function cancel(batch) {
  const gone = batch.count - (batch.states.queued ?? 0);
  const sure = await ask(t("Cancel the messages not yet sent?"), { about: t("{waiting} are not sent any more; {gone} have left or ended already and cannot be called back.", { waiting: number(waits(batch)), gone: number(gone) }), action: t("Cancel the rest") });
  if (sure) void command(batch, "cancel");
}

function buttons(batch) {
  // What is paused can go on though the last that waited has left meanwhile, as the rest of a text does: else it stayed so.
  const over = batch.state === "cancelled" || (batch.state !== "paused" && !waits(batch));
  if (!mayBulk || over) return null;
  const button = (name, word, sign, act) => el("button", { type: "button", class: "btn btn-sm", "data-do": name, "data-key": `${name}-${batch.id}`, onclick: act }, icon(sign), word);
  return el("div", { class: "batch-buttons" },
    batch.state === "paused" ? button("continue", t("Continue"), "play-fill", () => command(batch, "continue")) : button("pause", t("Pause"), "pause-fill", () => command(batch, "pause")),
    button("cancel", t("Cancel the rest"), "x-lg", () => cancel(batch)));
}

// Why nothing leaves, though it is being sent.
function waitingFor({ state, waiting_for: first }) {
  if (!first || state === "paused") return null;
  const why = reasonWord(first.reason);
  const forGateway = waitsForGateway(first.reason);
  if (!forGateway && Date.parse(first.until) <= now()) return null;
  const words = forGateway ? t("The first of those that wait: {why}", { why }) : t("The first of those that wait: {why}, sent {time}", { why, time: exact(first.until) });
  return el("p", { class: "batch-held quiet", "data-held": first.reason }, icon("clock"), el("span", {}, words));
}

function card(batch, brief) {
  const word = batch.state === "done" && waits(batch) ? t("Being sent") : STATE[batch.state];
  const about = [t("No. {number}", { number: batch.id }), batch.created_by?.name, exact(batch.created_at), batch.not_before ? t("from {time} on", { time: exact(batch.not_before) }) : "", batch.cancelled_at ? t("cancelled {time}", { time: exact(batch.cancelled_at) }) : ""];
  const title = batch.title || placedStart(batch.text, 40);
  return [
    el("div", { class: "batch-head" },
      el("div", { class: "batch-title" }, brief ? el("a", { href: `/message-batches/${batch.id}` }, title) : null, el("span", { class: "badge-soft", "data-batch-state": batch.state }, word),
        el("div", { class: "quiet small" }, about.filter(Boolean).join(" · "))),
      buttons(batch)),
    HALT[batch.reason] ? el("p", { class: "notice notice-warn" }, icon("exclamation-triangle"), el("span", {}, HALT[batch.reason])) : null,
    waitingFor(batch), bar(batch), figures(batch),
  ].filter(Boolean);
}

function show(batch) {
  const place = box.querySelector(`[data-batch="${batch.id}"]`);
  if (!place) return;
  const held = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(...card(batch, "brief" in place.dataset));
  if (held) place.querySelector(`[data-key="${held}"]`)?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("huifang:batch", { detail: batch }));
}

const due = new Map(); // Batch → how it is asked for again.

async function refetch(id, signal) {
  try {
    show(await get(`/message-batches/${id}`, { signal }));
  } catch (error) {
    if (error.status) return; // Out of reach by now: it stays as it was.
    look(id);
  }
}

function look(id) {
  if (!box.querySelector(`[data-batch="${id}"]`)) return;
  if (!due.has(id)) due.set(id, inTime((signal) => refetch(id, signal), EVERY));
  due.get(id)();
}

for (const place of box.querySelectorAll("[data-batch]")) show(JSON.parse(place.dataset.view));
socket.addEventListener("message", ({ detail }) => {
  if (detail.type === "message_batch.updated") look(detail.data.id);
});
// After a break something may have moved of which no event is told again.
socket.whenReady(() => box.querySelectorAll("[data-batch]").forEach((place) => look(Number(place.dataset.batch))));
