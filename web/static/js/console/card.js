// The call in front: who it is, and what can be done now.
import { el, icon, mark, refresh } from "../dom.js";
import { dialButton } from "../dial.js";
import { exact } from "../format.js";
import { store } from "../live.js";
import { PatientCards } from "../patient_cards.js";
import { stopWords } from "../sms.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { aboutPatient, callWord, endWord, lineName, numberOf, prioritiesOf, regionOf, talkSince, talkWord, tierWord, whyWord } from "../words.js";
import { answer, can, claim, hangUp } from "./actions.js";
import { complaintsOf } from "./complaints.js";
import { contactLine } from "./contacts.js";
import { desk, isMine, isOffered } from "./desk.js";

const head = document.getElementById("card-head");
const actions = document.getElementById("card-actions");
const body = document.getElementById("card-about");
const texts = document.getElementById("console").dataset.texts === "yes";
const idle = document.getElementById("idle");
const card = document.getElementById("card");

const cards = new PatientCards(show);
const SETTLE = 300; // A click this soon after another call came to the front was meant for what was there before.
let shownId = null;
let changedAt = -SETTLE;
let stood = false; // There has been something to click on: nobody aims at a page that is still loading.

function headOf(call) {
  const since = talkSince(call);
  const incoming = call.direction === "in";
  return [
    el("div", { class: "pop-number" },
      el("span", { class: "pop-way", title: incoming ? t("Incoming call") : t("Outgoing call") }, icon(incoming ? "telephone-inbound" : "telephone-outbound")),
      el("strong", { class: "number" }, numberOf(call)),
      call.number_verified === false && call.number ? el("span", { class: "badge-soft badge-warn" }, t("number not certain")) : null,
      prioritiesOf(call).map((word) => el("span", { class: "badge-soft badge-violet", "data-badge": "priority" }, icon("star-fill"), word))),
    el("div", { class: "pop-about" },
      call.number ? el("span", {}, regionOf(call) || t("Region unknown")) : null,
      call.name ? el("span", {}, call.name) : null,
      el("span", {}, lineName(call.line.name)),
      isOffered(call) && whyWord(call) ? el("span", { "data-why": call.offer_why }, whyWord(call)) : null,
      call.state === "ringing" ? el("span", { "data-rings": true, "aria-live": "off", hidden: true }) : null),
    el("div", { class: "pop-state", "data-state": call.state, "data-parties": call.parties, role: "status" },
      mark(call.state), el("span", {}, stateText(call)), since ? el("span", { class: "number", "data-since": since }) : null),
  ];
}

// Written into its place with every ring; the card around it stands still and nothing is read aloud.
function showRings(call) {
  const place = head.querySelector("[data-rings]");
  if (!place) return;
  place.textContent = t("Rings: {count}", { count: call.rings });
  place.hidden = !call.rings;
}

function stateText(call) {
  if (call.state === "ended" && call.transferred_to) return t("Transferred to {who}", { who: call.transferred_to.agent?.name || call.transferred_to.number_formatted });
  if (call.state === "ended") return endWord(call.end_reason) || callWord("ended");
  if (call.parties) return talkWord(call);
  if (call.state === "talking" && call.certainty === "presumed") return t("Probably answered");
  return callWord(call.state);
}

// The same two places for ever: what takes a call never stands where what ends it stood a moment ago.
function actionsOf(call) {
  const mine = isMine(call);
  const ringing = call.state === "ringing";
  const canAnswer = can(call, "answer");
  const take = isOffered(call) && !(ringing && canAnswer);
  const first = ringing && canAnswer
    ? button("answer", "btn-good btn-lg", "telephone", t("Answer"), "A", () => answer(call), isOffered(call) || mine)
    : button("claim", "btn-good btn-lg", "hand-index", takeWord(call, mine), "A", () => claim(call), take);
  const canEnd = mine && ["talking", "dialling"].includes(call.state);
  return [first,
    button("hang-up", "btn-bad btn-lg", "telephone-x", t("Hang up"), "H", () => hangUp(call), canEnd && (can(call, "hang_up") || call.state === "talking")),
    el("span", { class: "pop-hint", role: "status" }, hint(call, mine, canAnswer))];
}

function takeWord(call, mine) {
  if (call.direction === "out") return t("Your call");
  return mine ? t("Yours") : t("Take the call");
}

function hint(call, mine, canAnswer) {
  if (call.state === "ringing" && mine && !canAnswer) return t("Pick up the handset.");
  if (isOffered(call) && call.state === "ringing" && !canAnswer) return t("Take the call, then pick up the handset.");
  if (call.state === "ended" && mine) return t("Record the outcome.");
  return "";
}

function button(name, look, picture, label, key, run, enabled) {
  return el("button", {
    type: "button", class: `btn ${look}`, "data-action": name, "data-key": name, disabled: !enabled, "aria-keyshortcuts": key,
    onclick: (event) => (event.detail > 0 && performance.now() - changedAt < SETTLE) || run(),
  }, icon(picture), label, el("kbd", {}, key));
}

function farewell(call) {
  if (call.agent && !isMine(call)) return t("{name} took this call.", { name: call.agent.name });
  if (call.state === "ringing" && !call.agent && !isOffered(call) && desk.leaving.has(call.id)) return t("The call has gone on to somebody else.");
  if (call.state !== "ended" || isMine(call)) return "";
  if (!call.answered_at) return t("The caller gave up. The call is in the missed list.");
  return document.getElementById("unclaimed") ? t("It was answered at a telephone; nobody took the call here. Whoever spoke says so under “Who spoke?”.") : t("It was answered at a telephone; nobody took the call here.");
}

export function badges(patient) {
  return [
    patient.tier ? el("span", { class: "badge-soft badge-violet" }, icon("star-fill"), tierWord(patient.tier)) : null,
    patient.do_not_call ? el("span", { class: "badge-soft badge-bad" }, icon("telephone-x-fill"), t("Do not call")) : null,
    patient.opt_outs?.length ? el("span", { class: "badge-soft badge-bad", "data-badge": "opted-out", title: exact(patient.opt_outs[0].began_at) },
      icon("bell-slash-fill"), t("SMS stopped: {kinds}", { kinds: stopWords(patient.opt_outs) })) : null,
    patient.has_allergies ? el("span", { class: "badge-soft badge-warn badge-wrap", "data-badge": "allergy" },
      icon("exclamation-triangle-fill"), patient.allergies ? t("Allergies: {what}", { what: patient.allergies }) : t("Allergies")) : null,
    patient.missed_open > 1 ? el("span", { class: "badge-soft badge-bad" }, icon("telephone-x"), t("{count} missed calls", { count: patient.missed_open })) : null,
    patient.disabled ? el("span", { class: "badge-soft" }, t("Out of use")) : null,
  ];
}

function fact(label, ...content) {
  const filled = content.flat().filter(Boolean);
  return filled.length ? el("div", {}, el("dt", {}, label), el("dd", {}, filled)) : null;
}

// In a tab of its own: whoever is on the telephone does not leave the console.
function textButton(patient) {
  if (!texts || !patient.phones?.length) return null;
  return el("a", { class: "btn btn-sm", href: `/inbox?patient=${patient.id}`, target: "_blank", rel: "noopener", "data-key": "text", "data-text": patient.id }, icon("chat-dots"), t("SMS"));
}

function patientOf(call) {
  const known = cards.of(call.patient.id);
  const patient = known && !known.gone ? { ...call.patient, ...known } : call.patient;
  const phones = (patient.phones ?? []).map((phone) => el("span", { class: "pop-phone" },
    dialButton(phone.number, phone.number_formatted, { patient: patient.id }), phone.label ? el("span", { class: "quiet small" }, phone.label) : null));
  return [
    el("div", { class: "pop-person" },
      el("div", { class: "pop-name" }, el("a", { href: `/patients/${patient.id}`, class: "cut-2", "data-key": "patient" }, patient.name),
        el("span", { class: "quiet" }, aboutPatient(patient)), textButton(patient)),
      el("div", { class: "pop-badges" }, badges(patient))),
    known?.complaints?.length ? complaintsOf(known.complaints) : null,
    known ? el("dl", { class: "facts" },
      fact(t("Phone numbers"), phones),
      fact(t("Clinical department"), patient.department), fact(t("Doctor"), patient.doctor),
      fact(t("Address"), patient.address), fact(t("Notes"), patient.notes)) : el("p", { class: "quiet pop-loading" }, t("Loading the card…")),
    known?.last_contacts ? contacts(known.last_contacts, call) : null,
  ];
}

export function contacts(list, call = null) {
  const others = list.filter((contact) => contact.id !== call?.id);
  return el("section", { class: "pop-contacts" }, el("h3", {}, t("Last contacts")),
    others.length ? el("ol", { class: "contacts" }, others.map(contactLine)) : el("p", { class: "quiet" }, t("This is the first contact that we know of.")));
}

function showBody(call) {
  const known = call.patient ? cards.of(call.patient.id) : null;
  const signature = JSON.stringify([call.id, call.patient, known, farewell(call)]);
  const built = refresh(body, signature, () => [
    farewell(call) ? el("p", { class: "notice notice-warn pop-farewell", role: "alert" }, icon("info-circle"), farewell(call)) : null,
    ...(call.patient ? patientOf(call) : []),
  ]);
  if (built) writeTimes(body);
}

function show() {
  const call = desk.selected;
  const first = !stood;
  stood = desk.settled;
  card.hidden = !call;
  idle.hidden = Boolean(call);
  if (!call) return;
  card.setAttribute("aria-labelledby", `tab-${call.id}`);
  const capabilities = store.get("lines", call.line.id)?.capabilities ?? [];
  refresh(head, [call.id, call.number, call.number_absent, call.name, call.state, call.certainty, call.end_reason, call.answered_at, call.parties, call.third, call.transferred_to, call.direction, call.priority, isOffered(call) && whyWord(call)], () => headOf(call));
  showRings(call);
  if (shownId !== call.id) {
    shownId = call.id;
    if (!first) changedAt = performance.now();
  }
  refresh(actions, [call.id, call.state, call.agent?.id ?? 0, isOffered(call), capabilities, hint(call, isMine(call), can(call, "answer"))], () => actionsOf(call));
  showBody(call);
  writeTimes(head);
}

// The last contacts grow when a call ends.
store.addEventListener("calls", (event) => {
  const { data, type } = event.detail;
  if (type === "call.ended" && data?.patient) cards.forget(data.patient.id);
});
// Written down, settled or taken by somebody: the card says so while they talk.
store.addEventListener("complaints", (event) => {
  const { patient, patient_before: before } = event.detail.data ?? {};
  if ([patient?.id, before].filter((id) => cards.forget(id)).length) show();
});
document.addEventListener("huifang:patient-changed", (event) => {
  cards.forget(event.detail);
  show();
});
desk.addEventListener("change", show);
store.addEventListener("lines", show);
show();
