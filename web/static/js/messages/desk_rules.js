// The rules of the SMS desk: saved as they stand in the form.
import { call } from "../api.js";
import { t } from "../text.js";
import { toast } from "../toast.js";

const form = document.getElementById("desk-rules");
const problem = form.querySelector("[data-problem]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { opt_out_kind: kind, staffed_from: from, staffed_to: to, auto_reply_hours: hours, answer_minutes: answer } = form.elements;
  const days = [...form.querySelectorAll("input[name=days]:checked")].map((box) => Number(box.value));
  try {
    const rules = await call("PATCH", "/desk-rules", {
      version: Number(form.dataset.version), opt_out_kind: kind.value, staffed_from: from.value, staffed_to: to.value, auto_reply_hours: Number(hours.value), answer_minutes: Number(answer.value), days,
    });
    form.dataset.version = rules.version;
    problem.hidden = true;
    toast(t("Saved"), { kind: "good" });
  } catch (error) {
    problem.textContent = Object.values(error.fields ?? {})[0] ?? error.message;
    problem.hidden = false;
  }
});
