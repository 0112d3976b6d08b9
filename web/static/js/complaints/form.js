// Forms about complaints: each sends what it holds to the API, says beside the field what is wrong, and loses nothing.
import { get, post } from "../api.js";
import { el } from "../dom.js";
import { fromLocalField, toLocalField } from "../format.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { aboutPatient } from "../words.js";

const SEARCH_AFTER = 250;
const MOST_FOUND = 6;

function valueOf(field) {
  if ("flag" in field.dataset) return field.checked;
  if ("moment" in field.dataset) return fromLocalField(field.value);
  return "number" in field.dataset && field.value ? Number(field.value) : field.value;
}

// What is empty is left out, or is null where the form says that null means something.
function bodyOf(form) {
  const body = form.dataset.version ? { version: Number(form.dataset.version) } : {};
  for (const field of form.elements) {
    if (!field.name || (field.type === "radio" && !field.checked)) continue;
    const value = valueOf(field);
    if (value !== "" && value !== null) body[field.name] = value;
    else if ("null" in field.dataset) body[field.name] = null;
  }
  return body;
}

function showProblem(form, fields = {}, message = "") {
  let beside = false;
  for (const place of form.querySelectorAll("[data-error]")) {
    const words = fields[place.dataset.error] ?? "";
    place.textContent = words;
    place.hidden = !words;
    form.elements[place.dataset.error]?.setAttribute?.("aria-invalid", String(Boolean(words)));
    beside ||= Boolean(words);
  }
  const problem = form.querySelector("[data-problem]");
  problem.textContent = beside ? "" : Object.values(fields)[0] ?? message;
  problem.hidden = !problem.textContent;
  form.querySelector("[aria-invalid=true]")?.focus();
}

async function send(form) {
  const button = form.querySelector("button:not([type=button])");
  if (button.disabled) return;
  button.disabled = true;
  try {
    const complaint = await post(form.dataset.command, bodyOf(form));
    location.assign(`/complaints/${complaint.id}`);
  } catch (error) {
    button.disabled = false;
    showProblem(form, error.fields, error.message);
    // The page asks again before it is left.
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function findPatients(form) {
  const field = form.querySelector("[data-find]");
  const list = form.querySelector("[data-found]");
  let waiting = null;

  function choose(patient) {
    form.elements.patient_id.value = patient?.id ?? "";
    form.querySelector("[data-chosen-name]").textContent = patient?.name ?? "";
    form.querySelector("[data-chosen]").hidden = !patient;
    const unknown = form.querySelector("[data-unknown]"); // who is on no record
    if (unknown) unknown.hidden = Boolean(patient);
    form.querySelector("[data-finder]").hidden = Boolean(patient);
    list.replaceChildren();
    if (!patient) field.focus();
  }

  async function find() {
    const words = field.value.trim();
    try {
      const items = words ? (await get(`/patients?limit=${MOST_FOUND}&q=${encodeURIComponent(words)}`)).items : [];
      if (words !== field.value.trim()) return;
      list.replaceChildren(...(items.length || !words
        ? items.map((one) => el("li", {}, el("button", { type: "button", class: "btn btn-quiet", "data-patient-choice": one.id, onclick: () => choose(one) }, el("strong", {}, one.name), el("span", { class: "quiet" }, aboutPatient(one)))))
        : [el("li", { class: "quiet small" }, t("Nothing found. Try another word."))]));
    } catch (error) {
      complain(error);
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, SEARCH_AFTER);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // It looks for somebody; it does not send the form.
    list.querySelector("button")?.click();
  });
  form.querySelector("[data-forget]").addEventListener("click", () => choose(null));
}

for (const form of document.querySelectorAll("form[data-command]")) {
  for (const field of form.querySelectorAll("[data-moment]")) {
    if (field.dataset.moment) field.value = toLocalField(field.dataset.moment);
  }
  if (form.querySelector("[data-find]")) findPatients(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
