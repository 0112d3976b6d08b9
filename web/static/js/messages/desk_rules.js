// The rules of receiving: saved as they stand in the form. What somebody else changed meanwhile is shown; nothing typed is lost.
import { call } from "../api.js";
import { el } from "../dom.js";
import { stillUnsaved } from "../forms.js";
import { t } from "../text.js";
import { toast } from "../toast.js";

const NAMES = ["opt_out_kind", "opt_out_scope", "staffed_from", "staffed_to", "days", "auto_reply_hours", "answer_minutes"];
const form = document.getElementById("desk-rules");
const problem = form.querySelector("[data-problem]");
const boxes = [...form.querySelectorAll("input[name=days]")];

function typed() {
  const { opt_out_kind: kind, opt_out_scope: scope, staffed_from: from, staffed_to: to, auto_reply_hours: hours, answer_minutes: answer } = form.elements;
  const days = boxes.filter((box) => box.checked).map((box) => Number(box.value));
  return {
    opt_out_kind: kind.value, opt_out_scope: scope.value, staffed_from: from.value, staffed_to: to.value, days,
    auto_reply_hours: Number(hours.value), answer_minutes: Number(answer.value),
  };
}

let seen = typed();
const differs = (one, other) => JSON.stringify(one) !== JSON.stringify(other);

function put(name, value) {
  if (name === "days") for (const box of boxes) box.checked = value.includes(Number(box.value));
  else form.elements[name].value = value;
}

function label(name) {
  return form.querySelector(name === "days" ? "legend" : `label[for="${form.elements[name].id}"]`).textContent;
}

function words(name, value) {
  if (name === "days") return boxes.filter((box) => value.includes(Number(box.value))).map((box) => box.parentElement.textContent.trim()).join(" ") || "–";
  return name.startsWith("opt_out_") ? form.elements[name].querySelector(`[value="${value}"]`).textContent : value;
}

function say(...parts) {
  problem.replaceChildren(...parts);
  problem.hidden = false;
}

// The rules of sending have the same version: when only those were changed, nobody stands in the way.
async function save(rules, version) {
  try {
    return await call("PATCH", "/desk-rules", { version, ...rules });
  } catch (error) {
    const now = error.body?.details?.current;
    if (error.status !== 409 || !now) throw error;
    const moved = NAMES.filter((name) => differs(now[name], seen[name]) && differs(now[name], rules[name]));
    if (!moved.length) return call("PATCH", "/desk-rules", { version: now.version, ...rules });
    // What was left alone here undoes nobody's work: it is taken over.
    const taken = moved.filter((name) => !differs(rules[name], seen[name]));
    for (const name of taken) put(name, now[name]);
    seen = { ...seen, ...Object.fromEntries(NAMES.map((name) => [name, now[name]])) };
    form.dataset.version = now.version;
    error.moved = moved.map((name) => el("li", {}, `${label(name)}: ${words(name, now[name])}`, taken.includes(name) ? [" · ", t("taken over")] : ""));
    throw error;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const rules = await save(typed(), Number(form.dataset.version));
    form.dataset.version = rules.version;
    seen = typed();
    problem.hidden = true;
    toast(t("Saved"), { kind: "good" });
  } catch (error) {
    stillUnsaved(form);
    const text = Object.values(error.fields ?? {})[0] ?? error.message;
    if (!error.moved) say(text);
    else say(text, el("br"), t("What you typed is still here. These are the values now:"), el("ul", {}, error.moved), t("Save again if the form is right as it stands."));
  }
});
