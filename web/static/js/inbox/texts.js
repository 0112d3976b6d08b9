// Templates and phrases to choose from: found by chips and by typing, put where the cursor is.
import { get } from "../api.js";
import { el, icon } from "../dom.js";
import { placed } from "../messages/places.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { insert, insertTemplate } from "./composer.js";
import { desk } from "./desk.js";
import { TextFilters } from "./text_filters.js";

const place = document.getElementById("texts");
const buttons = [...document.querySelectorAll("#composer [data-texts]")];
let known = null;
let opened = "";

async function open(what) {
  opened = opened === what ? "" : what;
  for (const button of buttons) button.setAttribute("aria-expanded", String(button.dataset.texts === opened));
  place.hidden = !opened;
  if (!opened) return;
  try {
    known ??= await get("/message-texts");
    if (opened) place.replaceChildren(...picker(opened));
    place.querySelector("input")?.focus();
  } catch (error) {
    complain(error);
  }
}

const close = () => opened && open(opened);

// Dismissed: the keyboard goes on where it came from.
function dismiss() {
  const from = buttons.find((button) => button.dataset.texts === opened);
  void close();
  from?.focus();
}

function entries(what) {
  if (what === "phrases") return known.phrases.map((one) => ({ of: one, head: one.category, text: placed(one.text), words: `${one.category} ${one.text}`, run: () => insert(one.text) }));
  return known.templates.map((one) => ({
    of: one, head: one.name, about: [one.department?.name, one.disease].filter(Boolean).join(" · "), text: placed(one.text),
    words: [one.name, one.department?.name, one.disease, one.text].join(" "), run: () => insertTemplate(one),
  }));
}

const KINDS = { templates: ["department", "disease"], phrases: ["category"] };

function none(all, search, filters) {
  if (!all.length) return el("li", { class: "quiet text-none" }, t("There are none yet. Whoever looks after texts makes them under “SMS texts”."));
  const clear = () => {
    search.value = "";
    filters.clear();
    search.focus();
  };
  return el("li", { class: "quiet text-none" }, t("No matches."), " ",
    search.value || filters.isSet ? el("button", { type: "button", class: "btn btn-sm", "data-clear-texts": true, onclick: clear }, t("Show all")) : null);
}

function picker(what) {
  const all = entries(what);
  const list = el("ul", { class: "text-list" });
  const search = el("input", { type: "search", class: "form-control", "aria-label": t("Find a text"), placeholder: t("Name, department, disease, words"), maxlength: 80 });
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((one) => filters.fits(one.of) && words.every((word) => one.words.toLowerCase().includes(word)));
    list.replaceChildren(...(found.length ? found.map((one) => el("li", {}, el("button", { type: "button", class: "text-choice", onclick: () => (close(), one.run()) },
      el("span", { class: "text-head" }, el("strong", {}, one.head || t("Without category")), one.about ? el("span", { class: "quiet small" }, one.about) : null),
      el("span", { class: "cut-2" }, one.text))))
      : [none(all, search, filters)]));
  };
  const filters = new TextFilters(KINDS[what], all.map((one) => one.of), () => show(), () => list.querySelector("button")?.focus());
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      list.querySelector("button")?.click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      list.querySelector("button")?.focus();
    }
  });
  list.addEventListener("keydown", (event) => {
    const next = { ArrowDown: event.target.closest("li")?.nextElementSibling, ArrowUp: event.target.closest("li")?.previousElementSibling }[event.key];
    if (!next) return;
    event.preventDefault();
    next.querySelector("button")?.focus();
  });
  show();
  return [el("div", { class: "texts-head" }, search, el("button", { type: "button", class: "btn btn-quiet btn-icon", "aria-label": t("Close"), onclick: dismiss }, icon("x-lg"))), filters.box, list];
}

if (place) {
  for (const button of buttons) button.addEventListener("click", () => open(button.dataset.texts));
  // Its keys are its own: behind it they would go through the list of conversations.
  place.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") dismiss();
  });
  desk.addEventListener("talk", close);
}
