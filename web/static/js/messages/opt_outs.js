// The list of opt-outs: enter one that was said by phone or in person, allow messages again.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { el } from "../dom.js";
import { redraw } from "../redraw.js";
import { stopWord } from "../sms.js";
import { t } from "../text.js";
import { complain } from "../toast.js";

function enter() {
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const form = el("form", { autocomplete: "off" },
    el("div", { class: "sheet-body stack" }, el("h2", {}, t("Who is opting out?")),
      el("div", { class: "field" }, el("label", { for: "stop-number" }, t("Phone number")), el("input", { class: "form-control", id: "stop-number", name: "number", type: "tel", maxlength: 60, required: true, autofocus: true })),
      el("div", { class: "field" }, el("label", { for: "stop-kind" }, t("Stopped")), el("select", { class: "form-select", id: "stop-kind", name: "kind" }, ["all", "care", "marketing"].map((kind) => el("option", { value: kind }, stopWord(kind))))),
      el("div", { class: "field" }, el("label", { for: "stop-note" }, t("Who asked for it, and how")), el("input", { class: "form-control", id: "stop-note", name: "note", maxlength: 200 })), problem),
    el("div", { class: "sheet-foot" }, el("button", { type: "button", class: "btn", onclick: () => sheet.close() }, t("Cancel")), el("button", { class: "btn btn-primary" }, t("Stop messages"))));
  const sheet = el("dialog", { class: "sheet", "aria-label": t("Who is opting out?") }, form);
  sheet.addEventListener("close", () => sheet.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("/opt-outs", Object.fromEntries(new FormData(form)));
      sheet.close();
      await redraw("list");
    } catch (error) {
      problem.textContent = Object.values(error.fields ?? {})[0] ?? error.message;
      problem.hidden = false;
    }
  });
  document.body.append(sheet);
  sheet.showModal();
}

async function allow(id) {
  const note = await ask(t("Send messages to this number again?"), { field: t("Who asked for it, and how"), action: t("Allow again"), needed: true });
  if (!note) return;
  try {
    await post(`/opt-outs/${id}/end`, { note });
    await redraw("list");
  } catch (error) {
    complain(error);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-allow]");
  if (button) void allow(button.dataset.allow);
  else if (event.target.closest("[data-stop]")) enter();
});
