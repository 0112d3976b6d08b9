// What is plugged in, offered beside the field for the port. A click fills it in.
import { get } from "../api.js";
import { el } from "../dom.js";
import { t } from "../text.js";

const box = document.getElementById("ports");
const field = document.getElementById("f-port");

function choose(device) {
  field.value = device.port;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function offer(device) {
  return el("li", {},
    el("button", { type: "button", class: "port-offer", onclick: () => choose(device) },
      el("strong", {}, device.description), el("code", {}, device.port), el("span", { class: "small quiet" }, device.might_be)));
}

async function look() {
  box.replaceChildren(el("p", { class: "small quiet" }, t("Looking for what is plugged in…")));
  try {
    const { items } = await get("/lines/ports");
    const fitting = items.filter((one) => one.bus === box.dataset.bus);
    box.replaceChildren(fitting.length
      ? el("ul", { class: "plain port-offers" }, fitting.map(offer))
      : el("p", { class: "small quiet" }, t("No fitting device is plugged into the server. The line can be added all the same and waits for it.")));
  } catch (error) {
    box.replaceChildren(el("p", { class: "field-error" }, error.message));
  }
}

document.getElementById("look-again")?.addEventListener("click", look);
if (box) void look();
