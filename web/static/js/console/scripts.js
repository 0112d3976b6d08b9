// The slot for call scripts: the words to begin with, the names of this call filled in.
import { el } from "../dom.js";
import { locale, t } from "../text.js";
import { registerSlot } from "./slots.js";

const MISSING = { "patient.name": () => t("the patient's name"), "agent.name": () => t("your name"), hospital: () => t("the hospital's name") };

function written(part) {
  if (!part.placeholder) return part.text;
  return part.text ? el("b", { class: "talk-filled" }, part.text) : el("span", { class: "talk-missing" }, `(${MISSING[part.placeholder]?.() ?? part.placeholder})`);
}

function words(script) {
  const text = !locale.startsWith("zh") && script.en.length ? script.en : script.zh;
  return text.map(written);
}

function render({ scripts }) {
  const text = el("p", { class: "talk-words" }, words(scripts[0]));
  const names = scripts.map((script, place) => el("button", { type: "button", class: "btn btn-sm talk-name", "aria-pressed": String(place === 0), onclick: () => choose(place) }, script.name));

  function choose(place) {
    text.replaceChildren(...el("p", {}, words(scripts[place])).childNodes);
    names.forEach((name, at) => name.setAttribute("aria-pressed", String(at === place)));
  }

  return el("div", { class: "talk-script" }, scripts.length > 1 ? el("div", { class: "talk-names" }, names) : null, text);
}

registerSlot("scripts", { label: t("Script"), picture: "chat-left-quote", render });
