// Call tasks for the patients of the list as it is filtered now: first who gets one and who does not, then make them.
import { get, post } from "../api.js";
import { el } from "../dom.js";
import { fromLocalField } from "../format.js";
import { applyTyped, patientFilter } from "../patient_filter.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";

const SHOWN = 50;
const WHY = {
  do_not_call: t("The patient asked not to be called"), no_number: t("There is no number"),
  has_task: t("Has an open task already"), not_found: t("Not found, or out of your reach"),
};

function leftOut({ refused, more, count }) {
  return [
    el("p", { "data-count": count }, el("strong", {}, t("Patients who get a task: {count}", { count }))),
    more ? el("p", { class: "notice notice-warn" }, t("The list has more than 1000 patients: the first 1000 are taken. Narrow it.")) : null,
    refused.length ? el("details", {}, el("summary", {}, t("Left out: {count}", { count: refused.length })),
      el("ul", {}, refused.slice(0, SHOWN).map((one) => el("li", {}, [one.name || `#${one.patient_id}`, WHY[one.why]].join(" · "))),
        refused.length > SHOWN ? el("li", {}, "…") : null)) : null,
  ];
}

function owners({ agents, departments }) {
  const group = (label, name, items) => el("optgroup", { label }, items.map((one) => el("option", { value: `${name}:${one.id}` }, one.name)));
  return el("select", { class: "form-select", id: "task-owner" }, el("option", { value: "" }, t("Everybody")),
    group(t("Agents"), "agent_id", agents), group(t("Departments"), "department_id", departments));
}

function draftOf(form, owner) {
  const [name, id] = owner.value.split(":");
  const { purpose, priority, until } = form.elements;
  return { purpose: purpose.value, priority: Number(priority.value), due_until: fromLocalField(until.value), ...(name ? { [name]: Number(id) } : {}) };
}

function open(whom, preview, who) {
  const owner = owners(who);
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const make = el("button", { class: "btn btn-primary", disabled: !preview.count }, t("Create tasks"));
  const form = el("form", { autocomplete: "off" },
    el("div", { class: "sheet-body stack" }, el("h2", {}, t("Call tasks")), leftOut(preview),
      el("div", { class: "field" }, el("label", { for: "task-purpose" }, t("What it is about")), el("input", { class: "form-control", id: "task-purpose", name: "purpose", maxlength: 300, required: true, autofocus: true })),
      el("div", { class: "field" }, el("label", { for: "task-owner" }, t("Who calls")), owner),
      el("div", { class: "field" }, el("label", { for: "task-priority" }, t("Priority")),
        el("select", { class: "form-select", id: "task-priority", name: "priority" },
          el("option", { value: 1 }, t("urgent")), el("option", { value: 2, selected: true }, t("normal")), el("option", { value: 3 }, t("can wait")))),
      el("div", { class: "field" }, el("label", { for: "task-until" }, t("Not later than")), el("input", { type: "datetime-local", class: "form-control", id: "task-until", name: "until" })),
      problem),
    el("div", { class: "sheet-foot" }, el("button", { type: "button", class: "btn", onclick: () => sheet.close() }, t("Cancel")), make));
  const sheet = el("dialog", { class: "sheet", "aria-label": t("Call tasks") }, form);
  sheet.addEventListener("close", () => sheet.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    make.disabled = true;
    try {
      const made = await post("/call-tasks/many", { ...whom, ...draftOf(form, owner) });
      sheet.close();
      toast(t("Call tasks created: {count}", { count: made.count }), { kind: "good", link: { href: "/call-tasks", label: t("See them") } });
    } catch (error) {
      problem.textContent = Object.values(error.fields ?? {})[0] ?? error.message;
      problem.hidden = false;
      make.disabled = false;
    }
  });
  document.body.append(sheet);
  sheet.showModal();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-make-tasks]");
  if (!button) return;
  button.disabled = true;
  // The patients are those of this moment: what is narrowed meanwhile is another list.
  const whom = { filter: patientFilter() };
  applyTyped();
  try {
    const [preview, who] = await Promise.all([post("/call-tasks/preview", whom), get("/call-tasks/owners")]);
    open(whom, preview, who);
  } catch (error) {
    complain(error);
  } finally {
    button.disabled = false;
  }
});
