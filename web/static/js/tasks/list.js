// The supervisor's list of call tasks: give out, put at another time, cancel.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { el } from "../dom.js";
import { fromLocalField, toLocalField } from "../format.js";
import { now } from "../clock.js";
import { redraw } from "../redraw.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";

const HOUR = 3600000;
const chosen = () => [...document.querySelectorAll("[data-choose]:checked")].map((box) => Number(box.value));

async function command(path, body, done) {
  try {
    await post(path, body);
    toast(done, { kind: "good" });
    await redraw("list");
  } catch (error) {
    complain(error);
  }
}

function give() {
  const ids = chosen();
  const [name, id] = document.getElementById("give-to").value.split(":");
  const owner = name ? { [name]: Number(id) } : {};
  return command("/call-tasks/assign", { task_ids: ids, ...owner }, t("Tasks assigned: {count}", { count: ids.length }));
}

// → an ISO time, or null when it was dismissed.
function askTime() {
  return new Promise((resolve) => {
    const field = el("input", { type: "datetime-local", class: "form-control", id: "task-time", required: true, value: toLocalField(new Date(now() + HOUR).toISOString()) });
    const sheet = el("dialog", { class: "sheet", "aria-label": t("When to call?") },
      el("form", { method: "dialog" },
        el("div", { class: "sheet-body field" }, el("label", { for: "task-time" }, t("When to call?")), field),
        el("div", { class: "sheet-foot" }, el("button", { type: "button", class: "btn", onclick: () => sheet.close() }, t("Cancel")),
          el("button", { class: "btn btn-primary", value: "yes" }, t("Save")))));
    sheet.addEventListener("close", () => {
      resolve(sheet.returnValue === "yes" ? fromLocalField(field.value) : null);
      sheet.remove();
    });
    document.body.append(sheet);
    sheet.showModal();
  });
}

async function putOff(id) {
  const at = await askTime();
  if (at) await command(`/call-tasks/${id}/reschedule`, { at }, t("The task has another time."));
}

async function cancel(id) {
  const note = await ask(t("Cancel this task?"), { field: t("Reason"), action: t("Cancel the task") });
  if (note !== null) await command(`/call-tasks/${id}/cancel`, { note }, t("The task is cancelled."));
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) {
    for (const box of document.querySelectorAll("[data-choose]")) box.checked = event.target.checked;
  }
  const button = document.querySelector("[data-give]");
  if (button) button.disabled = !chosen().length;
});

document.addEventListener("click", (event) => {
  const id = event.target.closest("tr[data-task]")?.dataset.task;
  if (event.target.closest("[data-give]")) void give();
  else if (id && event.target.closest("[data-put-off]")) void putOff(id);
  else if (id && event.target.closest("[data-cancel]")) void cancel(id);
});
