// The filters of a list: on a narrow screen they are folded behind one button, so that the list is in sight; search
// stays. What the server did not understand of them is said at each.
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

// The page says it in a list; what has a field here is said there instead, and what was typed stands in it again.
function sayAtFields(list) {
  for (const item of Array.from(list?.children ?? [])) {
    const { name, typed } = item.dataset;
    const field = document.querySelector(`form.filters [name="${CSS.escape(name)}"]:not([type=hidden])`);
    const place = field?.closest(".field");
    if (!place) continue;
    const word = el("p", { class: "field-error", id: `${field.id || name}-wrong` }, item.querySelector(".field-error").textContent);
    place.querySelector(".field-error")?.remove();
    place.append(word);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", word.id);
    if (field.matches("input:not([type=date])") && !field.value) field.value = typed;
    if (place.matches(".filter-extra")) place.closest("form").classList.add("is-unfolded");
    item.remove();
  }
}

function takeBack() {
  for (const field of document.querySelectorAll("form.filters [aria-invalid]")) {
    document.getElementById(field.getAttribute("aria-describedby"))?.remove();
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  document.querySelector(".wrong-filters")?.remove();
}

sayAtFields(document.getElementById("wrong-filters"));
// A list that is narrowed without a new page comes with its own words.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.target?.closest(".panel, main")) return;
  takeBack();
  sayAtFields(new DOMParser().parseFromString(detail.serverResponse, "text/html").getElementById("wrong-filters"));
});
