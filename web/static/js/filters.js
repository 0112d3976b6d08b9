// On a narrow screen the filters of a list are folded behind one button, so that the list is in sight. Search stays.
import { el, icon } from "./dom.js";
import { t } from "./text.js";

const isSet = (part) => [...part.querySelectorAll("input, select")].some((field) => (field.type === "checkbox" ? field.checked : field.value));

for (const form of document.querySelectorAll("form.filters[role=search]")) {
  const parts = [...form.querySelectorAll(":scope > .field, :scope > .check")];
  const extra = parts.slice(parts[0]?.matches(".field-wide") ? 1 : 2);
  if (extra.length) fold(form, extra);
}

function fold(form, extra) {
  const words = el("span", {});
  const button = el("button", { type: "button", class: "btn filters-more", "aria-expanded": "false" }, icon("sliders"), words);
  const count = () => {
    const chosen = extra.filter(isSet).length;
    words.textContent = chosen ? `${t("Filters")} ${chosen}` : t("Filters");
  };
  for (const part of extra) part.classList.add("filter-extra");
  form.querySelector(":scope > .btn, :scope > .filter-buttons").before(button);
  button.addEventListener("click", () => button.setAttribute("aria-expanded", String(form.classList.toggle("is-unfolded"))));
  form.addEventListener("change", count);
  count();
}
