// Right: who this is, or who it could be; and what the number has said about messages.
import { get, post } from "../api.js";
import { ask } from "../ask.js";
import { dialButton } from "../dial.js";
import { el, icon, refresh } from "../dom.js";
import { exact, relative } from "../format.js";
import { store } from "../live.js";
import { PatientCards } from "../patient_cards.js";
import { stopWord, stopWords } from "../sms.js";
import { locale, t } from "../text.js";
import { complain, toast } from "../toast.js";
import { aboutPatient, tierWord } from "../words.js";
import { desk, may } from "./desk.js";
import { mayAdd, newcomer } from "./newcomer.js";

const SEARCH_AFTER = 250;
const [who, said] = [el("div", {}), el("div", {})]; // who it is; what the number has said
document.getElementById("person-body").append(who, said);
const cards = new PatientCards(show);
let choosing = false;
let adding = false;

const regionOf = (talk) => (locale.startsWith("zh") ? talk.region : talk.region_en) || t("Region unknown");

const fact = (label, ...content) => {
  const filled = content.flat().filter(Boolean);
  return filled.length ? el("div", {}, el("dt", {}, label), el("dd", {}, filled)) : null;
};

function badges(patient) {
  return el("div", { class: "pop-badges" },
    patient.tier ? el("span", { class: "badge-soft badge-violet" }, icon("star-fill"), tierWord(patient.tier)) : null,
    patient.do_not_call ? el("span", { class: "badge-soft badge-bad" }, icon("telephone-x-fill"), t("Do not call")) : null,
    patient.has_allergies ? el("span", { class: "badge-soft badge-warn badge-wrap" }, icon("exclamation-triangle-fill"), patient.allergies ? t("Allergies: {what}", { what: patient.allergies }) : t("Allergies")) : null);
}

function cardOf(patient, known, talk) {
  const whole = known && !known.gone ? { ...patient, ...known } : patient;
  const phones = (whole.phones ?? []).map((phone) => el("span", { class: "pop-phone" }, dialButton(phone.number, phone.number_formatted, { patient: whole.id }), phone.label ? el("span", { class: "quiet small" }, phone.label) : null));
  return [
    el("div", { class: "person-name" }, el("a", { href: `/patients/${whole.id}`, class: "cut-2" }, whole.name), el("span", { class: "quiet" }, aboutPatient(whole))),
    badges(whole),
    known ? el("dl", { class: "facts facts-one" }, fact(t("Phone numbers"), phones), fact(t("Clinical department"), whole.department), fact(t("Doctor"), whole.doctor), fact(t("Address"), whole.address), fact(t("Notes"), whole.notes)) : el("p", { class: "quiet" }, t("Loading the card…")),
    talk ? proof(talk) : null,
    whole.last_contacts?.length ? el("section", { class: "person-part" }, el("h3", {}, t("Last calls")), el("ol", { class: "person-calls" }, whole.last_contacts.map((call) => el("li", {},
      icon(call.direction === "in" ? "telephone-inbound" : "telephone-outbound"), el("time", { datetime: call.started_at, title: exact(call.started_at) }, relative(call.started_at)), el("span", { class: "quiet cut" }, call.agent?.name ?? ""))))) : null,
  ];
}

// Where it matters: before anybody tells a number what belongs to a person.
const proof = (talk) => el("p", { class: "person-proof small" }, icon("shield-exclamation"),
  el("span", {}, talk.candidates > 1 ? t("{count} patients have this number. It does not prove who wrote.", { count: talk.candidates }) : t("The number does not prove who wrote. Ask before you tell what only the patient should know.")));

function stops(talk) {
  const entries = talk.opt_outs.map((one) => el("li", {}, el("strong", {}, t("Opted out: {kinds}", { kinds: stopWords([one]) })),
    el("span", { class: "quiet small" }, [one.by_text ? t("by SMS") : t("entered by hand"), exact(one.began_at), one.note].filter(Boolean).join(" · ")),
    may.stop ? el("button", { type: "button", class: "btn btn-sm", onclick: () => allow(one) }, t("Allow again")) : null));
  return el("section", { class: "person-part", "data-opt-outs": talk.opt_outs.length }, el("h3", {}, t("Text messages")),
    entries.length ? el("ul", { class: "person-stops" }, entries) : el("p", { class: "quiet" }, t("Takes messages.")),
    may.stop && !entries.length ? el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: stop }, icon("bell-slash"), t("Opt out")) : null);
}

async function allow(one) {
  const note = await ask(t("Send messages to this number again?"), { field: t("Who asked for it, and how"), action: t("Allow again"), needed: true });
  if (!note) return;
  try {
    await post(`/opt-outs/${one.id}/end`, { note });
    toast(t("The number takes messages again."), { kind: "good" });
  } catch (error) {
    complain(error);
  }
}

async function stop() {
  const kind = await ask(t("What does the patient not want?"), { choices: ["all", "care", "marketing"].map((one) => [one, stopWord(one)]), action: t("Stop messages") });
  if (!kind) return;
  await desk.command("stop", { kind });
}

function choice(patient, run, note = "") {
  return el("li", {}, el("button", { type: "button", class: "choice", "data-patient-choice": patient.id, onclick: run },
    el("strong", {}, patient.name), el("span", { class: "quiet" }, aboutPatient(patient)), note ? el("span", { class: "badge-soft badge-info" }, note) : null));
}

// `talk` is whose patient was asked for: by the time that a record is made, another conversation may be in front.
async function settle(talk, patientId, remember) {
  const inFront = desk.talk?.id === talk.id;
  if (inFront) [choosing, adding] = [false, false];
  if (await desk.command("patient", { patient_id: patientId, remember }, talk) && inFront) {
    toast(t("The conversation has its patient."), { kind: "good" });
    desk.toThread(); // On a telephone one came from there, to answer.
  }
  show();
}

function begin(yes) {
  adding = yes;
  show();
}

function picker(talk) {
  if (adding) return [newcomer(talk, (id) => settle(talk, id, false), () => begin(false)), proof(talk)];
  const remember = el("input", { type: "checkbox", id: "remember-number" });
  const shared = el("ul", { class: "choices" });
  const found = el("ul", { class: "choices" });
  const field = el("input", { type: "search", class: "form-control", id: "person-search", autocomplete: "off", placeholder: t("Name, initials, number or record number") });
  let waiting = null;
  get(`/conversations/${talk.id}/candidates`).then(({ patients, remembered }) => shared.replaceChildren(
    ...patients.map((patient) => choice(patient, () => settle(talk, patient.id, remember.checked), patient.id === remembered ? t("remembered") : ""))), complain);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const words = field.value.trim();
      if (!words) return found.replaceChildren();
      try {
        const page = await get(`/patients?limit=8&q=${encodeURIComponent(words)}`);
        if (words !== field.value.trim()) return undefined;
        return found.replaceChildren(...(page.items.length ? page.items.map((patient) => choice(patient, () => settle(talk, patient.id, false))) : [el("li", { class: "quiet" }, mayAdd(talk) ? t("No patient found. Check the spelling or create a new one.") : t("No patient found. Check the spelling."))]));
      } catch (error) {
        return complain(error);
      }
    }, SEARCH_AFTER);
  });
  return [
    talk.candidates > 1 || (talk.candidates && !talk.patient) ? [el("h3", {}, t("Who wrote?")), el("p", { class: "quiet" }, t("{count} patients share this number.", { count: talk.candidates })), shared,
      el("label", { class: "check", for: "remember-number" }, remember, t("Remember for this number"))]
      : [el("h3", {}, t("Unknown number")), el("p", { class: "quiet" }, t("{number} ({region}) is on no record.", { number: talk.number_formatted, region: regionOf(talk) }))],
    el("div", { class: "field" }, el("label", { for: "person-search" }, talk.candidates ? t("Somebody else") : t("Find the patient")), field), found,
    el("div", { class: "people-actions" },
      mayAdd(talk) ? el("button", { type: "button", class: "btn btn-sm", "data-key": "new-patient", onclick: () => begin(true) }, icon("person-plus"), t("New patient")) : null,
      choosing ? el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: () => ((choosing = false), show()) }, icon("arrow-left"), t("Back")) : null,
      choosing && talk.patient ? el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: () => settle(talk, null, false) }, icon("x-lg"), t("No patient")) : null),
    proof(talk),
  ].flat();
}

function other(talk) {
  if (!may.reply || !may.know) return null;
  return el("button", { type: "button", class: "btn btn-sm btn-quiet", "data-key": "other-patient", onclick: () => ((choosing = true), show()) },
    icon("people"), talk.candidates > 1 ? t("Number shared by {count} patients: choose another", { count: talk.candidates }) : t("Somebody else? Choose another patient"));
}

function show() {
  const { talk, to } = desk;
  const patient = talk ? talk.patient : to;
  const card = patient && may.know ? cards.of(patient.id) : null;
  const picks = talk && (!talk.patient || choosing) && may.reply && may.know;
  // Nothing is taken away from whoever looks for the patient or writes a record, whatever comes meanwhile.
  refresh(who, [talk?.id, talk?.patient?.id, to?.id, picks ? [choosing, adding, adding || talk.candidates] : [card, talk?.candidates]], () => {
    if (!talk && !to) return el("div", { class: "empty empty-small" }, icon("person-vcard"), el("p", {}, t("Who wrote appears here.")));
    if (!talk) return cardOf(to, card, null);
    if (picks) return picker(talk);
    return talk.patient ? [...cardOf(talk.patient, card, talk), other(talk)] : [el("p", {}, talk.number_formatted), proof(talk)];
  });
  refresh(said, [talk?.id, talk?.opt_outs], () => (talk ? stops(talk) : []));
}

desk.addEventListener("talk", () => {
  choosing = false;
  adding = false;
  show();
});
desk.addEventListener("known", show);
desk.addEventListener("choose", () => {
  choosing = Boolean(desk.talk?.patient);
  show();
});
store.addEventListener("calls", ({ detail }) => detail.type === "call.ended" && detail.data?.patient && cards.forget(detail.data.patient.id) && show());
show();
