// Short messages in the corner. Errors stay until dismissed; nothing else stands in the way.
import { el, icon } from "./dom.js";
import { t } from "./text.js";

export function toast(message, { kind = "info", seconds = kind === "bad" ? 0 : 6, link = null, action = null } = {}) {
  const box = document.getElementById("toasts");
  // The same trouble again is no second one.
  if (kind === "bad") [...box.children].find((line) => line.dataset.said === message)?.remove();
  const line = el("div", { class: "toast-line", "data-kind": kind, "data-said": kind === "bad" ? message : null, role: kind === "bad" ? "alert" : "status" },
    el("span", {}, message, link ? " " : null, link ? el("a", { href: link.href }, link.label) : null),
    action ? el("button", { type: "button", class: "btn btn-sm", "data-toast-action": true, onclick: () => (line.remove(), action.run()) }, action.label) : null,
    el("button", { type: "button", class: "btn btn-sm btn-quiet btn-icon", "aria-label": t("Dismiss"), onclick: () => line.remove() }, icon("x-lg")));
  box.append(line);
  while (box.children.length > 4) box.firstElementChild.remove();
  if (seconds) setTimeout(() => line.remove(), seconds * 1000);
  return line;
}

// For the end of a promise chain: says what went wrong.
export const complain = (error) => {
  toast(error.message, { kind: "bad" }).toggleAttribute("data-away", error.status === 0);
};

// The server is back: that it was away is no news any more.
export function forgetAway() {
  for (const line of document.querySelectorAll("#toasts [data-away]")) line.remove();
}
