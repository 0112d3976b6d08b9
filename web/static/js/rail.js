// The menu at the foot of a narrow screen: four entries, the present page's among them, and a button for the rest.
import { el, icon } from "./dom.js";
import { t } from "./text.js";

const SHOWN = 4;
const rail = document.querySelector(".rail");
const entries = [...rail.querySelectorAll(".rail-item")];
const here = entries.findIndex((entry) => entry.matches("[aria-current]"));

if (entries.length > SHOWN + 1) {
  const kept = here < SHOWN ? entries.slice(0, SHOWN) : [...entries.slice(0, SHOWN - 1), entries[here]];
  for (const entry of entries) entry.classList.toggle("rail-rest", !kept.includes(entry));
  const more = el("button", { type: "button", class: "rail-item rail-more", "aria-expanded": "false" }, icon("three-dots"), el("span", {}, t("More")));
  const open = (yes) => {
    rail.classList.toggle("is-open", yes);
    more.setAttribute("aria-expanded", String(yes));
  };
  rail.append(more);
  rail.classList.add("is-folded");
  more.addEventListener("click", () => open(!rail.matches(".is-open")));
  document.addEventListener("click", (event) => event.target.closest(".rail") || open(false));
  rail.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !rail.matches(".is-open")) return;
    open(false);
    more.focus();
  });
}
