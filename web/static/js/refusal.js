// A form that was refused: the first wrong field has the focus, and the banner names them all, each a way to its field.
import { el } from "./dom.js";

const CONTROL = "input:not([type=hidden]), select, textarea";
const banner = document.getElementById("refusal");
const wrong = [...document.querySelectorAll("main .field:has(.field-error:not([hidden]))")].filter((field) => field.querySelector(CONTROL));

function go(field) {
  field.closest("details")?.setAttribute("open", "");
  field.querySelector(CONTROL).focus();
}

function way(field) {
  const link = el("a", { href: `#${field.querySelector(CONTROL).id}` }, field.querySelector("label, .form-label").textContent.replace("*", "").trim());
  link.addEventListener("click", (event) => {
    event.preventDefault();
    go(field);
  });
  return link;
}

if (banner && wrong.length) {
  const ways = wrong.flatMap((field, at) => (at ? [" · ", way(field)] : [way(field)]));
  banner.firstElementChild.append(el("p", { class: "refused-fields" }, ways));
}
if (wrong.length) go(wrong[0]);
else banner?.focus();
