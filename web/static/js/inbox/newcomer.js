// A number on no record writes: whoever it is gets a record, with that number, and the conversation with it.
import { post } from "../api.js";
import { el, icon } from "../dom.js";
import { t } from "../text.js";
import { may } from "./desk.js";

// Whoever sees the number in stars only cannot write it down.
const isWhole = (number) => /^\+?\d+$/.test(number);

export const mayAdd = (talk) => may.add && isWhole(talk.number);

// The form; `made` is called with the new patient's id, `back` when it is thought better of.
export function newcomer(talk, made, back) {
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const save = el("button", { class: "btn btn-primary" }, icon("check-lg"), t("Create record"));
  const form = el("form", { class: "stack", autocomplete: "off", "data-newcomer": talk.number },
    el("h3", {}, t("New patient")),
    el("div", { class: "field" }, el("label", { for: "newcomer-name" }, t("Full name")), el("input", { id: "newcomer-name", name: "name", class: "form-control", required: true, maxlength: 80 })),
    el("div", { class: "field" }, el("label", { for: "newcomer-sex" }, t("Sex")),
      el("select", { id: "newcomer-sex", name: "sex", class: "form-select" }, el("option", { value: "" }, t("not known")), el("option", { value: "female" }, t("female")), el("option", { value: "male" }, t("male")))),
    el("div", { class: "field" }, el("label", { for: "newcomer-birth" }, t("Birth date")), el("input", { id: "newcomer-birth", name: "birth_date", type: "date", class: "form-control" })),
    el("p", { class: "quiet" }, `${t("Number")} ${talk.number_formatted}`), problem,
    el("div", { class: "people-actions" }, save, el("button", { type: "button", class: "btn btn-quiet", onclick: back }, icon("arrow-left"), t("Back"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, sex, birth_date: birth } = form.elements;
    save.disabled = true; // One press, one record.
    try {
      const patient = await post("/patients", { name: name.value.trim(), sex: sex.value, birth_date: birth.value || null, phones: [{ number: talk.number, label: "" }] });
      made(patient.id);
    } catch (error) {
      problem.textContent = Object.values(error.fields ?? {}).join(" ") || error.message;
      problem.hidden = false;
      save.disabled = false;
    }
  });
  queueMicrotask(() => form.elements.name.focus());
  return form;
}
