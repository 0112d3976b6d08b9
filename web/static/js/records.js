// Lists of calls: clean addresses, ticking off missed calls, and a word when there is something newer.
import { post } from "./api.js";
import { store } from "./live.js";
import { t } from "./text.js";
import { complain, toast } from "./toast.js";

const newer = document.getElementById("newer");
const seen = new Set();

// An address with only what narrows the list is one that people can read and send on.
document.addEventListener("htmx:configRequest", (event) => {
  for (const [name, value] of Object.entries(event.detail.parameters)) {
    if (value === "") delete event.detail.parameters[name];
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-handle-missed]");
  if (!button) return;
  button.disabled = true;
  try {
    await post(`/calls/${button.dataset.handleMissed}/handle-missed`);
    button.closest("tr").classList.add("is-done");
    toast(t("Ticked off the list."), { kind: "good" });
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
});

// The list stands still while it is read; a button says how many calls have come since.
store.addEventListener("calls", (event) => {
  const newest = Number(document.getElementById("list")?.dataset.newest);
  const call = event.detail.data;
  if (!newest || !call || call.id <= newest) return;
  seen.add(call.id);
  newer.querySelector("span").textContent = t("Newer calls: {count}", { count: seen.size });
  newer.hidden = false;
});
newer?.addEventListener("click", () => location.reload());
