// Click any number to dial it: <button class="dial" data-dial="+8613800138000" data-patient="7">.
import { post } from "./api.js";
import { clean, el } from "./dom.js";
import { dials, store } from "./live.js";
import { t } from "./text.js";
import { complain, toast } from "./toast.js";

let busy = false;

export function dial(number, { patient = null } = {}) {
  if (!number) return null;
  return start("/calls/dial", patient ? { number, patient_id: Number(patient) } : { number });
}

// The server knows the number; whoever may not see it can call all the same.
export const dialTask = (id) => start(`/call-tasks/${id}/dial`, {});

async function start(path, body) {
  if (busy) return null;
  busy = true;
  try {
    const call = await place(path, body);
    if (!call) return null;
    document.dispatchEvent(new CustomEvent("huifang:dialled", { detail: call }));
    if (!document.getElementById("console")) {
      toast(t("Dialling {number}", { number: clean(call.number_formatted) }),
        { link: { href: "/console", label: t("Open the console") } });
    }
    return call;
  } catch (error) {
    complain(error);
    return null;
  } finally {
    busy = false;
  }
}

// The server knows who asked not to be called; it refuses until the agent confirms.
async function place(path, body) {
  try {
    return await order(path, body);
  } catch (error) {
    if (!error.body?.details?.do_not_call) throw error;
    return (await confirmCall()) ? order(path, { ...body, confirmed: true }) : null;
  }
}

const order = (path, body) => store.learn("calls", post(path, body));

// "Do not call" is the patient's wish; an agent may have a good reason, but has to say so.
export function confirmCall() {
  return new Promise((resolve) => {
    const sheet = el("dialog", { class: "sheet", "aria-label": t("Do not call") },
      el("div", { class: "sheet-body" }, el("h2", {}, t("This patient asked not to be called.")),
        el("p", { class: "quiet" }, t("Call only when the reason cannot wait."))),
      el("form", { method: "dialog", class: "sheet-foot" },
        el("button", { class: "btn", value: "no", autofocus: true }, t("Do not call")),
        el("button", { class: "btn btn-bad", value: "yes" }, t("Call anyway"))));
    sheet.addEventListener("close", () => {
      resolve(sheet.returnValue === "yes");
      sheet.remove();
    });
    document.body.append(sheet);
    sheet.showModal();
  });
}

export function dialButton(number, formatted, { patient = null } = {}) {
  if (!dials || !number || String(number).includes("*")) return el("span", { class: "number" }, formatted || number);
  return el("button", {
    type: "button", class: "dial", "data-dial": number, "data-patient": patient,
    title: t("Dial this number"), "data-key": `dial-${number}`,
  }, formatted || number);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dial]");
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  void dial(button.dataset.dial, { patient: button.dataset.patient });
});
