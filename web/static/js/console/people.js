// Whose call is it: the picker for a shared number, search, a new patient, wrong number.
import { call as request, get, post } from "../api.js";
import { el, icon } from "../dom.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { aboutPatient, awaitsNumber, numberOf, regionOf, tierWord } from "../words.js";
import { attach } from "./actions.js";
import { isMine, isOffered } from "./desk.js";

const SEARCH_AFTER = 250;

export function peopleFor(call) {
  if (!isMine(call) && !isOffered(call)) return null;
  if (awaitsNumber(call) && !call.patient) return el("p", { class: "quiet" }, t("The number comes with the next ring."));
  const box = el("section", { class: "people" });
  if (call.patient) box.append(change(call, box));
  else if (call.candidates > 0) box.append(...sharedHead(call), picker(call, box));
  else box.append(...unknown(call, box));
  return box;
}

function change(call, box) {
  const label = call.candidates > 1 ? t("Number shared by {count} patients: choose another", { count: call.candidates }) : t("Somebody else? Choose another patient");
  return el("button", {
    type: "button", class: "btn btn-sm btn-quiet", "data-key": "other-patient",
    onclick: () => box.replaceChildren(call.candidates > 1 ? picker(call, box) : search(call, box, false)),
  }, icon("people"), label);
}

function sharedHead(call) {
  return [el("h2", { class: "people-title" }, call.direction === "in" ? t("Who is calling?") : t("Whose number is it?")),
    el("p", { class: "quiet" }, t("{count} patients share this number.", { count: call.candidates }))];
}

function picker(call, box) {
  const remember = el("input", { type: "checkbox", id: "remember", "data-key": "remember" });
  const list = el("ul", { class: "choices" }, el("li", { class: "quiet" }, t("Loading…")));
  fill();
  return el("div", {}, list,
    el("div", { class: "people-foot" },
      el("label", { class: "check", for: "remember" }, remember, t("Remember for this number")),
      el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: () => box.replaceChildren(search(call, box, true)) }, icon("search"), t("Somebody else"))));

  async function fill() {
    try {
      const found = await get(`/patients/match?number=${encodeURIComponent(call.number)}`);
      list.replaceChildren(...found.patients.map((patient) => choice(patient, () => attach(call, patient.id, remember.checked),
        patient.id === found.remembered ? t("remembered") : "")));
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

function unknown(call, box) {
  const without = !call.number;
  return [
    el("h2", { class: "people-title" }, without ? t("No number") : t("Unknown number")),
    el("p", { class: "quiet" }, without ? t("The line did not tell who is calling. Ask for the name, then find the patient.")
      : t("{number} ({region}) is on no record.", { number: numberOf(call), region: regionOf(call) || t("Region unknown") })),
    el("div", { class: "people-actions" },
      el("button", { type: "button", class: "btn", "data-key": "attach", onclick: () => box.replaceChildren(search(call, box, !without)) }, icon("person-check"), t("Attach to patient")),
      el("button", { type: "button", class: "btn", "data-key": "new-patient", onclick: () => box.replaceChildren(creation(call, box)) }, icon("person-plus"), t("New patient")),
      el("button", { type: "button", class: "btn", "data-key": "wrong-number", onclick: wrongNumber }, icon("x-octagon"), t("Wrong number"))),
  ];
}

function wrongNumber() {
  document.dispatchEvent(new CustomEvent("huifang:outcome", { detail: "wrong_number" }));
}

function back(call, box) {
  return el("button", { type: "button", class: "btn btn-sm btn-quiet", onclick: () => box.replaceWith(peopleFor(call)) }, icon("arrow-left"), t("Back"));
}

function search(call, box, addNumber) {
  const field = el("input", { type: "search", class: "form-control", id: "people-search", autocomplete: "off", placeholder: t("Name, initials, number or record number") });
  const add = el("input", { type: "checkbox", id: "add-number", checked: addNumber });
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
        : [el("li", { class: "quiet" }, t("Nobody found. Check the spelling or make a new patient."))]));
    } catch (error) {
      complain(error);
    }
  }

  async function take(patient) {
    if (add.checked && call.number) await keepNumber(patient, call);
    if (await attach(call, patient.id)) document.dispatchEvent(new CustomEvent("huifang:patient-changed", { detail: patient.id }));
  }

  return el("div", { class: "people-form" }, el("div", { class: "field" }, el("label", { for: "people-search" }, t("Find the patient")), field),
    call.number ? el("label", { class: "check", for: "add-number" }, add, t("Add this number to the record")) : null, list, back(call, box));
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

function creation(call, box) {
  const error = el("p", { class: "field-error", role: "alert", hidden: true });
  const form = el("form", { class: "people-form", autocomplete: "off" },
    el("div", { class: "people-grid" },
      el("div", { class: "field" }, el("label", { for: "new-name" }, t("Full name")), el("input", { id: "new-name", name: "name", class: "form-control", required: true, maxlength: 80 })),
      el("div", { class: "field" }, el("label", { for: "new-sex" }, t("Sex")),
        el("select", { id: "new-sex", name: "sex", class: "form-select" }, el("option", { value: "" }, t("not known")), el("option", { value: "female" }, t("female")), el("option", { value: "male" }, t("male")))),
      el("div", { class: "field" }, el("label", { for: "new-birth" }, t("Birth date")), el("input", { id: "new-birth", name: "birth_date", type: "date", class: "form-control" })),
      el("div", { class: "field" }, el("label", {}, t("Number")), el("span", { class: "number people-number" }, numberOf(call)))),
    error,
    el("div", { class: "people-foot" }, el("button", { class: "btn btn-primary" }, icon("check-lg"), t("Make the record")), back(call, box)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const body = { name: fields.name.trim(), sex: fields.sex, birth_date: fields.birth_date || null, phones: call.number ? [{ number: call.number, label: "" }] : [] };
    try {
      const patient = await post("/patients", body);
      await attach(call, patient.id);
    } catch (problem) {
      error.textContent = Object.values(problem.fields ?? {}).join(" ") || problem.message;
      error.hidden = false;
    }
  });
  queueMicrotask(() => form.elements.name.focus());
  return form;
}
