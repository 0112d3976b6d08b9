// Whose it is: a field that looks for patients by name, initials or number; the one chosen stands in a hidden field of the form.
import { get } from "./api.js";
import { el } from "./dom.js";
import { t } from "./text.js";
import { complain } from "./toast.js";
import { aboutPatient } from "./words.js";

const SEARCH_AFTER = 250;
const MOST_FOUND = 6;

// `chosen`, if given, is told of whoever was chosen, or null when that was taken back.
export function findPatients(form, chosen = null) {
  const field = form.querySelector("[data-find]");
  const list = form.querySelector("[data-found]");
  let waiting = null;
  let foundFor = ""; // the words that the list is for

  function choose(patient) {
    form.elements.patient_id.value = patient?.id ?? "";
    form.querySelector("[data-chosen-name]").textContent = patient?.name ?? "";
    form.querySelector("[data-chosen]").hidden = !patient;
    form.querySelector("[data-finder]").hidden = Boolean(patient);
    list.replaceChildren();
    // What was chosen or taken back hides what had the focus.
    if (patient) form.querySelector("[data-forget]").focus();
    else {
      field.value = "";
      field.focus();
    }
    chosen?.(patient);
  }

  async function find() {
    const words = field.value.trim();
    try {
      const items = words ? (await get(`/patients?limit=${MOST_FOUND}&q=${encodeURIComponent(words)}`)).items : [];
      if (words !== field.value.trim()) return;
      foundFor = words;
      list.replaceChildren(...(items.length || !words
        ? items.map((one) => el("li", {}, el("button", { type: "button", class: "btn btn-quiet", "data-patient-choice": one.id, onclick: () => choose(one) }, el("strong", {}, one.name), el("span", { class: "quiet" }, aboutPatient(one)))))
        : [el("li", { class: "quiet small" }, t("Nothing found. Try another word."))]));
    } catch (error) {
      complain(error);
    }
  }

  field?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, SEARCH_AFTER);
  });
  // What is looked for is no value of the form: the form does not change by it.
  field?.addEventListener("change", (event) => event.stopPropagation());
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") list.replaceChildren();
    if (event.key !== "Enter") return;
    event.preventDefault(); // It looks for somebody; it does not send the form.
    // Whoever is found for the words of before is not meant.
    if (foundFor === field.value.trim()) list.querySelector("button")?.click();
  });
  form.querySelector("[data-forget]").addEventListener("click", () => choose(null));
}
