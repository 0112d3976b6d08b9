// The fields of the wrap-up pane: what stands in them, and what is wrong with it.
import { now } from "../clock.js";
import { el } from "../dom.js";
import { fromLocalField, toLocalField } from "../format.js";
import { t } from "../text.js";
import { outcomeLabel } from "../words.js";
import { outcomeByCode, outcomes } from "./outcomes.js";

export const pane = document.getElementById("wrap-up");
export const form = pane.querySelector("form");
export const notes = form.elements.notes;
export const backAt = form.elements.call_back_at;
const problem = pane.querySelector("[data-problem]");

pane.querySelector("[data-outcomes]").append(...outcomes.map((outcome) => el("label", { class: "outcome" },
  el("input", { type: "radio", name: "outcome", value: outcome.code }),
  el("kbd", { "aria-hidden": "true" }, outcome.key || "·"), el("span", {}, outcomeLabel(outcome)))));

export const value = () => ({ outcome: form.elements.outcome.value, notes: notes.value, call_back_at: fromLocalField(backAt.value) });

export function put(call) {
  for (const radio of form.querySelectorAll("input[name=outcome]")) radio.checked = radio.value === call.outcome;
  if (notes.value !== call.notes) notes.value = call.notes;
  const local = toLocalField(call.call_back_at);
  if (backAt.value !== local) backAt.value = local;
}

export function showProblem(fields, text = "") {
  const message = Object.values(fields).join(" ") || text;
  problem.textContent = message;
  problem.hidden = !message;
  backAt.setAttribute("aria-invalid", String("call_back_at" in fields));
}

// What would be refused when the call is over is said while one looks.
export function lacking({ outcome, call_back_at: time }) {
  if (!outcome) return { outcome: t("Choose an outcome for the call.") };
  return outcomeByCode(outcome)?.needs_time && !time ? { call_back_at: t("Choose when to call back.") } : {};
}

form.addEventListener("change", (event) => event.target.name === "outcome" && outcomeByCode(event.target.value)?.needs_time && !backAt.value && backAt.focus());
form.querySelector("[data-in]").addEventListener("click", (event) => {
  const hours = Number(event.target.closest("button")?.dataset.hours);
  if (!hours) return;
  const moment = new Date(now() + hours * 3600000);
  backAt.value = toLocalField(moment.toISOString());
  backAt.dispatchEvent(new Event("input", { bubbles: true }));
});
