// Forms about complaints: each sends what it holds to the API, says beside the field what is wrong, and loses nothing.
import { post } from "../api.js";
import { stillUnsaved } from "../forms.js";
import { fromLocalField, toLocalField } from "../format.js";
import { findPatients } from "../patient_finder.js";

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
    stillUnsaved(form);
  }
}

// Who is on no record is described in words.
function describeUnknown(form, patient) {
  const unknown = form.querySelector("[data-unknown]");
  if (unknown) unknown.hidden = Boolean(patient);
}

for (const form of document.querySelectorAll("form[data-command]")) {
  for (const field of form.querySelectorAll("[data-moment]")) {
    if (field.dataset.moment) field.value = toLocalField(field.dataset.moment);
  }
  if (form.querySelector("[data-find]")) findPatients(form, (patient) => describeUnknown(form, patient));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
}
