// SMS on the wall: gateways as tiles, and in how many conversations a patient waits for an answer, since when. Nothing where
// there is no gateway.
import { el, icon, refresh } from "../dom.js";
import { toSecond } from "../format.js";
import { store } from "../live.js";
import { WAITING, countWord, waitingTalks } from "../sms.js";
import { gatewaySays, t } from "../text.js";
import { writeTimes } from "../times.js";
import { lineReason } from "../words.js";
import { byName, sum, tile } from "./tiles.js";

const board = document.getElementById("wallboard");
const panel = document.getElementById("gateways-panel");
const counts = document.getElementById("sms-counts");
// State → its word and the mark of lines that looks alike. One that is ready and takes nothing is no more than that.
const states = { ...JSON.parse(board.dataset.gatewayStates), throttled: [t("Throttled"), "lost"], refusing: [t("Takes nothing"), "lost"] };
const asShown = (gateway) => (gateway.throttled_since ? { ...gateway, state: gateway.refuses ? "refusing" : "throttled" } : gateway);
const seesGateways = document.body.dataset.topics.includes("gateways");
const seesTexts = document.body.dataset.topics.includes("conversations");

const TO_ANSWER = { label: t("SMS to answer"), definition: WAITING };
const OLDEST = { label: t("Oldest of them"), definition: t("Time since the first text that nobody has answered, in the conversation that has waited longest") };

const word = (state) => states[state]?.[0] ?? state;
const isLow = (gateway) => gateway.balance !== null && gateway.balance_low !== null && gateway.balance < gateway.balance_low;

// When it changes by itself, and why it takes nothing now: a tile has room for the first of it.
function notesOf(gateway) {
  const { paused_until: paused, pause_reason: why, next_attempt_at: attempt } = gateway;
  return [
    attempt ? t("next attempt at {time}", { time: toSecond(attempt) }) : "",
    ["ready", "throttled", "refusing"].includes(gateway.state) ? "" : lineReason(gateway),
    gatewaySays(gateway.refuses),
    paused ? [t("paused until {time}", { time: toSecond(paused) }), gatewaySays(why)].filter(Boolean).join(": ") : "",
  ];
}

function gatewayTile(gateway) {
  const balance = gateway.balance === null ? "" : t("Balance {count}", { count: gateway.balance });
  const more = [...notesOf(gateway), balance].filter(Boolean).join(" · ");
  const made = tile(`gateway-${gateway.id}`, gateway.name, states[gateway.state]?.[1] ?? "out_of_service", word(gateway.state), gateway.throttled_since ?? gateway.state_since, more, null);
  if (isLow(gateway)) {
    made.dataset.low = "yes";
    made.querySelector(".tile-more").replaceChildren(icon("exclamation-triangle-fill"), ` ${more}`);
  }
  return made;
}

const count = (name, { label, definition }, value) => el("span", { class: "count", "data-sms": name }, `${label} `, value,
  el("button", { type: "button", class: "tip", "aria-label": `${label}: ${definition}`, "data-tip": definition }, "?"));

// The page knows those that wait longest: beyond them there may be more, but none that waits longer.
function showCounts(gateways) {
  const talks = waitingTalks();
  const sees = seesTexts && store.has("conversations") && (gateways.length > 0 || (!seesGateways && talks.length > 0));
  counts.hidden = !sees;
  if (!sees) return;
  const since = talks[0]?.waiting_since;
  if (refresh(counts, [talks.length, since], () => [
    count("waiting", TO_ANSWER, el("a", { class: "number", href: "/inbox" }, countWord(talks.length))),
    since ? count("oldest", OLDEST, el("strong", { class: "number", "data-since": since })) : null])) writeTimes(counts);
}

function show() {
  const gateways = store.all("gateways").map(asShown).sort((one, other) => one.priority - other.priority || byName(one.name, other.name));
  panel.hidden = !gateways.length;
  if (refresh(document.getElementById("gateways"), gateways, () => gateways.map(gatewayTile))) writeTimes(panel);
  document.getElementById("gateways-sum").textContent = sum(gateways, word);
  showCounts(gateways);
}

for (const topic of ["gateways", "conversations"]) store.addEventListener(topic, show);
show();
