// A menu above the conversation. It closes when something in it was chosen; the focus goes back to its button.
import { el, icon } from "../dom.js";
import { desk } from "./desk.js";

// `entries` makes what is in it; it is given what wraps whatever is run when something is chosen.
export function menu(key, picture, label, entries) {
  const button = el("summary", { class: "btn btn-quiet", "data-key": key, title: label }, icon(picture), el("span", { class: "wide-only" }, label));
  const details = el("details", { class: "menu thread-menu", "data-menu": key }, button);
  const close = () => {
    details.open = false;
    button.focus();
  };
  details.append(el("div", { class: "menu-panel" }, entries((run) => () => {
    close();
    run();
  }, details)));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    close();
  });
  // While it was open, what it stands in waited.
  details.addEventListener("toggle", () => details.open || desk.changed("known"));
  return details;
}

export const entry = (label, run, picture = null) => el("button", { type: "button", class: "menu-item", onclick: run }, picture ? icon(picture) : null, label);

document.addEventListener("click", (event) => {
  for (const details of document.querySelectorAll(".thread-menu[open]")) if (event.target.closest(".thread-menu") !== details) details.open = false;
});
