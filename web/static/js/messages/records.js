// The records of SMS: the patient to whom the list is narrowed.
import { findPatients } from "../patient_finder.js";

const form = document.getElementById("filters");

if (form.querySelector("[data-chosen]")) {
  findPatients(form, () => form.elements.patient_id.dispatchEvent(new Event("change", { bubbles: true })));
}
