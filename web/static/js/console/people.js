// Whose call is it: the picker for a shared number, search, a new patient, wrong number. From the first ring on.
import { call as request, get, post } from "../api.js";
import { el, icon, refresh } from "../dom.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { aboutPatient, awaitsNumber, numberOf, regionOf, tierWord } from "../words.js";
import { attach } from "./actions.js";
import { desk, isMine, isOffered } from "./desk.js";

const SEARCH_AFTER = 250;
const place = document.getElementById("card-people");

let form = null; // what is open: { callId, patientId, element, learn }; it stays while the call changes around it
let opened = 0;

const present = (call) => store.get("calls", call.id) ?? call;
const typedIn = (element) => [...element.querySelectorAll("input")].some((field) => field.type !== "checkbox" && field.value);

function open(call, { element, learn = () => {} }) {
  opened += 1;
  form = { callId: call.id, patientId: call.patient?.id, element, learn };
  show();
}

function close() {
  form = null;
  show();
}

function show() {
  const call = desk.selected;
  const concerns = call && (isMine(call) || isOffered(call));
  const settled = form && call?.patient && call.patient.id !== form.patientId && !typedIn(form.element);
  if (!concerns || form?.callId !== call.id || settled) form = null;
  if (form) {
    form.learn(call);
    refresh(place, `form ${opened}`, () => form.element);
    return;
  }
  refresh(place, concerns ? [call.id, call.patient?.id, call.candidates, call.number, awaitsNumber(call), isMine(call)] : "", () => (concerns ? choices(call) : []));
}

function choices(call) {
  const box = el("section", { class: "people" });
  if (call.patient) box.append(change(call));
  else if (call.candidates > 0) box.append(...sharedHead(call), picker(call));
  else box.append(...unknown(call));
  return box;
}

// The keyboard's way in: a name can be typed at once. Where several share the number, they come first and the search after them.
export function focusPeople() {
  if (!place.hasChildNodes()) return;
  const call = desk.selected;
  const field = place.querySelector("input:not([type=checkbox])");
  const sharer = place.querySelector(".choice");
  if (field) field.focus();
  else if (sharer && !place.contains(document.activeElement)) sharer.focus();
  else if (!sharer && call.patient && call.candidates > 1) open(call, { element: picker(call, back(), true) });
  else open(call, search(call, !call.patient));
}

async function settle(call, patientId, remember) {
  if (!(await attach(call, patientId, remember))) return false;
  document.dispatchEvent(new CustomEvent("huifang:patient-changed", { detail: patientId }));
  if (!form || form.callId === call.id) close(); // Another caller may be in front by now, and be written down.
  return true;
}

function change(call) {
  const label = call.candidates > 1 ? t("Number shared by {count} patients: choose another", { count: call.candidates }) : t("Somebody else? Choose another patient");
  return el("button", {
    type: "button", class: "btn btn-sm btn-quiet", "data-key": "other-patient",
    onclick: () => open(call, call.candidates > 1 ? { element: picker(call, back()) } : search(call, false)),
  }, icon("people"), label, el("kbd", { "aria-hidden": "true" }, "P"));
}

function sharedHead(call) {
  return [el("h2", { class: "people-title" }, call.direction === "in" ? t("Who is calling?") : t("Whose number is it?")),
    el("p", { class: "quiet" }, t("{count} patients share this number.", { count: call.candidates }))];
}

function picker(call, way = null, byKey = false) {
  const remember = el("input", { type: "checkbox", id: "remember", "data-key": "remember" });
  const list = el("ul", { class: "choices" }, el("li", { class: "quiet" }, t("Loading…")));
  void fill();
  return el("div", {}, list,
    el("div", { class: "people-foot" },
      el("label", { class: "check", for: "remember" }, remember, t("Remember for this number")),
      el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: () => open(call, search(call, true)) }, icon("search"), t("Somebody else")), way));

  async function fill() {
    try {
      const found = await get(`/patients/match?number=${encodeURIComponent(call.number)}`);
      list.replaceChildren(...found.patients.map((patient) => choice(patient, () => settle(call, patient.id, remember.checked),
        patient.id === found.remembered ? t("remembered") : "")));
      if (byKey) list.querySelector("button")?.focus();
    } catch (error) {
      complain(error);
    }
  }
}

function choice(patient, choose, note = "") {
  return el("li", {}, el("button", { type: "button", class: "choice", "data-patient-choice": patient.id, onclick: choose },
    el("strong", {}, patient.name), el("span", { class: "quiet" }, aboutPatient(patient)),
    patient.tier ? el("span", { class: "badge-soft badge-violet" }, tierWord(patient.tier)) : null,
    note ? el("span", { class: "badge-soft badge-info" }, note) : null));
}

function unknown(call) {
  return [
    el("h2", { class: "people-title" }, call.number ? t("Unknown number") : numberOf(call)),
    el("p", { class: "quiet" }, unknownWords(call)),
    el("div", { class: "people-actions" },
      el("button", { type: "button", class: "btn", "data-key": "attach", onclick: () => open(call, search(call, true)) }, icon("person-check"), t("Attach to patient"), el("kbd", { "aria-hidden": "true" }, "P")),
      el("button", { type: "button", class: "btn", "data-key": "new-patient", onclick: () => open(call, creation(call)) }, icon("person-plus"), t("New patient")),
      isMine(call) ? el("button", { type: "button", class: "btn", "data-key": "wrong-number", onclick: wrongNumber }, icon("x-octagon"), t("Wrong number")) : null),
  ];
}

function unknownWords(call) {
  if (awaitsNumber(call)) return t("The number comes with the next ring. If you know who it is, find the patient already.");
  if (!call.number) return t("The line did not tell who is calling. Ask for the name, then find the patient.");
  return t("{number} ({region}) is on no record.", { number: numberOf(call), region: regionOf(call) || t("Region unknown") });
}

function wrongNumber() {
  document.dispatchEvent(new CustomEvent("huifang:outcome", { detail: "wrong_number" }));
}

function back() {
  return el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: close }, icon("arrow-left"), t("Back"));
}

function search(call, addNumber) {
  const field = el("input", { type: "search", class: "form-control", id: "people-search", autocomplete: "off", placeholder: t("Name, initials, number or record number") });
  const add = el("input", { type: "checkbox", id: "add-number", checked: addNumber });
  const addition = el("label", { class: "check", for: "add-number" }, add, t("Add this number to the record"));
  const list = el("ul", { class: "choices" });
  let waiting = null;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, SEARCH_AFTER);
  });
  queueMicrotask(() => field.focus());

  async function find() {
    const words = field.value.trim();
    if (!words) {
      list.replaceChildren();
      return;
    }
    try {
      const found = await get(`/patients?limit=8&q=${encodeURIComponent(words)}`);
      if (words !== field.value.trim()) return;
      list.replaceChildren(...(found.items.length ? found.items.map((patient) => choice(patient, () => take(patient)))
        : [el("li", { class: "quiet" }, t("No patient found. Check the spelling or create a new one."))]));
    } catch (error) {
      complain(error);
    }
  }

  async function take(patient) {
    const now = present(call);
    if (add.checked && now.number) await keepNumber(patient, now);
    await settle(now, patient.id);
  }

  return {
    element: el("div", { class: "people-form" }, el("div", { class: "field" }, el("label", { for: "people-search" }, t("Find the patient")), field), addition, list, back()),
    learn: ({ number }) => (addition.hidden = !number),
  };
}

async function keepNumber(patient, call) {
  try {
    const record = await get(`/patients/${patient.id}`);
    if (record.phones.some((phone) => phone.number === call.number)) return;
    const phones = [...record.phones.map(({ number, label }) => ({ number, label })), { number: call.number, label: "" }];
    await request("PATCH", `/patients/${patient.id}`, { version: record.version, phones });
    toast(t("The number is on the record of {name} now.", { name: patient.name }), { kind: "good" });
  } catch (error) {
    complain(error);
  }
}

function creation(call) {
  const number = el("span", { class: "number people-number" });
  const error = el("p", { class: "field-error", role: "alert", hidden: true });
  const save = el("button", { class: "btn btn-primary" }, icon("check-lg"), t("Create record"));
  let made = null; // One press, one record; nor is there a second one when only the call could not be given to it.
  const element = el("form", { class: "people-form", autocomplete: "off" },
    el("div", { class: "people-grid" },
      el("div", { class: "field" }, el("label", { for: "new-name" }, t("Full name")), el("input", { id: "new-name", name: "name", class: "form-control", required: true, maxlength: 80 })),
      el("div", { class: "field" }, el("label", { for: "new-sex" }, t("Sex")),
        el("select", { id: "new-sex", name: "sex", class: "form-select" }, el("option", { value: "" }, t("not known")), el("option", { value: "female" }, t("female")), el("option", { value: "male" }, t("male")))),
      el("div", { class: "field" }, el("label", { for: "new-birth" }, t("Birth date")), el("input", { id: "new-birth", name: "birth_date", type: "date", class: "form-control" })),
      el("div", { class: "field" }, el("span", { class: "form-label" }, t("Number")), number)),
    error,
    el("div", { class: "people-foot" }, save, back()));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const now = present(call);
    const { name, sex, birth_date: birth } = element.elements;
    const body = { name: name.value.trim(), sex: sex.value, birth_date: birth.value || null, phones: now.number ? [{ number: now.number, label: "" }] : [] };
    save.disabled = true;
    try {
      made ??= await post("/patients", body);
      await settle(present(call), made.id);
    } catch (problem) {
      error.textContent = Object.values(problem.fields ?? {}).join(" ") || problem.message;
      error.hidden = false;
    } finally {
      save.disabled = false;
    }
  });
  queueMicrotask(() => element.elements.name.focus());
  return { element, learn: (now) => (number.textContent = numberOf(now)) };
}

desk.addEventListener("change", show);
show();
