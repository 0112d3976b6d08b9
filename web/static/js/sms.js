// SMS on every page: which conversations are mine to answer or to read, and the words and icons for the states of messages.
import { el, icon } from "./dom.js";
import { exact } from "./format.js";
import { me, store } from "./live.js";
import { locale, t } from "./text.js";

const MOST = 200; // So many the snapshot tells of.

// Those in which a patient waits for an answer, the longest waiting first. When that is, the server says.
export const waitingTalks = () => store.all("conversations").filter((talk) => talk.waiting)
  .sort((one, other) => Date.parse(one.waiting_since) - Date.parse(other.waiting_since));

export const WAITING = t("Conversations in which a patient waits for an answer: the patient has written, and nobody has answered, marked it as done or snoozed it. Opening one answers nothing.");

// What is for me: mine, and what nobody has. Of others' I know, but it is theirs.
export const isMine = (talk) => talk.assigned_to?.id === me || !talk.assigned_to;

const unreadTalks = () => store.all("conversations").filter((talk) => talk.unread > 0 && talk.state === "open" && isMine(talk));

export const countWord = (count) => (count >= MOST ? `${MOST}+` : String(count));

export const talkName = (talk) => talk.patient?.name ?? talk.number_formatted;

const STATE = {
  queued: ["clock", t("Waiting")], sending: ["arrow-up-circle", t("Being sent")], accepted: ["check2", t("Accepted")],
  delivered: ["check2-all", t("Delivered")], failed: ["x-circle-fill", t("Failed")], unknown: ["question-circle-fill", t("Unconfirmed")],
  cancelled: ["slash-circle", t("Cancelled")], expired: ["hourglass-bottom", t("Expired")], suppressed: ["shield-x", t("Not sent")],
  received: ["inbox", t("Received")],
};

const REASON = {
  not_before: t("is sent later"), quiet_hours: t("waiting for sending hours"), daily_cap: t("the number has its share of today"),
  opted_out: t("the number wants no messages"), do_not_contact: t("the patient does not want to be contacted"),
  bad_number: t("no number that takes texts"), empty: t("nothing is written in it"), too_long: t("too long"),
  no_gateway: t("no gateway is ready"), out_of_service: t("the gateway that can carry it is out of service"), refused_later: t("the gateway asked to try later"), refused: t("refused"),
  gateway_refused: t("the gateway does not take it"), unwritable: t("has characters that cannot be sent"), unsent: t("not written to the gateway yet"), not_delivered: t("not delivered"),
  partly: t("only parts of it went out"), no_answer: t("the gateway did not answer"), interrupted: t("interrupted while it was sent"),
  uncertain: t("the gateway does not know"), resent: t("sent again, no word came of the attempt before"), too_late: t("too late"),
  by_person: t("by a person"), paused: t("held by a person"), incomplete: t("parts of it never came"), overtaken: t("a later text says how it stands"),
};

// What became of one part handed to a gateway.
const PART = {
  unsent: t("not written"), later: t("refused for now"), refused: t("refused"), elsewhere: t("not by this gateway"),
  uncertain: t("the gateway does not know"), given_up: t("no confirmation"),
};

const KIND = { care: t("Care and reminders"), marketing: t("Marketing"), all: t("All messages") };

export const stateWord = (state) => STATE[state]?.[1] ?? state;
export const stateIcon = (state) => icon(STATE[state]?.[0] ?? "dot");
export const partWord = (state) => PART[state] ?? stateWord(state);
export const reasonWord = (reason) => REASON[reason] ?? reason;
// It is looked at again and again: when it goes nobody knows.
export const waitsForGateway = (reason) => ["no_gateway", "out_of_service", "gateway_refused"].includes(reason);
export const stopWord = (kind) => KIND[kind] ?? kind;
// All that a number has opted out of, as one reads it in a sentence: of a kind everything, or what bears one signature.
export const stopWords = (entries) => entries.map((one) => stopWord(one.kind) + (one.signature ? `【${one.signature}】` : "")).join(locale.startsWith("zh") ? "、" : ", ");

// Thousandths of a yuan → "¥0.045"
export const money = (thousandths) => `¥${(thousandths / 1000).toFixed(3).replace(/0$/, "")}`;

// By what a text goes out, for the tooltip of its length; empty where it is not known yet.
export const gatewayWords = (found) => (found?.gateway ? t("By {gateway}, with the signature {signature}", { gateway: found.gateway, signature: found.signature || "–" }) : "");

function signsWords(words) {
  if (words.later) return words.count ? t("{gateway} cannot send {signs}; {count} wait until {later} is in service again.", words) : t("{gateway} cannot send {signs}; it waits until {later} is in service again.", words);
  if (!words.other) return t("No gateway can send {signs}.", words);
  return words.count ? t("{gateway} cannot send {signs}; {count} would go by {other}.", words) : t("{gateway} cannot send {signs}; it would go by {other}.", words);
}

function limitWords(words) {
  if (words.later) return words.count ? t("{gateway} takes at most {limit} characters; {count} wait until {later} is in service again.", words) : t("{gateway} takes at most {limit} characters; it waits until {later} is in service again.", words);
  if (!words.other) return t("{gateway} takes at most {limit} characters, and no other gateway can send it.", words);
  return words.count ? t("{gateway} takes at most {limit} characters; {count} would go by {other}.", words) : t("{gateway} takes at most {limit} characters; it would go by {other}.", words);
}

// Why the gateway that would come first cannot carry a text, or `count` of many, and what becomes of it: sentences, none where it can.
export function unableWords(found, count = "") {
  const words = { signs: found.unwritable.join(" "), limit: found.limit, gateway: found.unable, other: found.gateway, later: found.later, count };
  return [words.signs && signsWords(words), words.limit && limitWords(words)].filter(Boolean);
}

export function stopBadge(talk) {
  if (!talk.opt_outs.length) return null;
  return el("span", { class: "badge-soft badge-bad", "data-stopped": true, title: t("Opted out since {time}: {kinds}", { time: exact(talk.opt_outs[0].began_at), kinds: stopWords(talk.opt_outs) }) },
    icon("bell-slash-fill"), t("Opted out"));
}

// Why a patient waits who had an answer already: it did not arrive.
const LOST = {
  failed: t("Answer failed"), cancelled: t("Answer taken back"), expired: t("Answer expired"), suppressed: t("Answer not sent"),
};

export const lostWords = (talk) => t("{what}: the patient has not got it and waits for an answer again.", { what: LOST[talk.lost_answer] });

export function lostBadge(talk) {
  if (!talk.lost_answer) return null;
  return el("span", { class: "badge-soft badge-bad", "data-lost": talk.lost_answer, title: lostWords(talk) }, stateIcon(talk.lost_answer), LOST[talk.lost_answer]);
}

const badges = document.querySelectorAll("[data-unread-sms]");

function show() {
  const count = unreadTalks().length;
  for (const badge of badges) {
    badge.hidden = !count;
    badge.textContent = countWord(count);
    badge.title = t("Conversations with unread texts: {count}", { count });
  }
}

// For those who hear the page: whose text has come, unless what it says is read out in the inbox.
function tell({ data, before }) {
  if (!data || data.unread <= (before?.unread ?? 0) || data.state !== "open" || !isMine(data)) return;
  if (document.querySelector(`#talks [aria-current][data-talk="${data.id}"]`)) return;
  document.getElementById("new-text").textContent = t("New SMS: {who}", { who: talkName(data) });
}

if (badges.length) {
  store.addEventListener("conversations", (event) => {
    tell(event.detail);
    show();
  });
  show();
}
