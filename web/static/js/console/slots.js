// The talking pane below the card: what modules have to show beside a call, one tab for each that has something.
// A module registers a renderer for the slot of its name (callcenter/talking/slots.py); without content there is no tab.
import { TRY_AGAIN, get } from "../api.js";
import { el, icon, refresh } from "../dom.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { desk, isMine, isOffered } from "./desk.js";

const pane = document.getElementById("card-talk");
const renderers = new Map(); // name → { label, picture, render }
const KEPT = 50; // A page stays open for days.
const filled = new Map(); // "call patient" → slots, null while they are asked for

let chosen = null; // the tab that the person wanted, for this call
let chosenFor = null;
let shown = [];

// `render(content, call)` gives the element of the tab. It is made once for a call and its patient.
export function registerSlot(name, slot) {
  renderers.set(name, slot);
  show();
}

export function openSlot(name) {
  if (!shown.some((slot) => slot.name === name)) return false;
  chosen = name;
  choose();
  return true;
}

// Placeholders are filled with the patient's name: another patient is another text.
const keyOf = (call) => `${call.id} ${call.patient?.id ?? ""}`;

async function load(call) {
  const key = keyOf(call);
  if (filled.size >= KEPT) filled.delete(filled.keys().next().value);
  filled.set(key, null);
  try {
    filled.set(key, (await get(`/calls/${call.id}/talking`)).slots);
  } catch (error) {
    filled.set(key, []);
    if (error.status !== 404 && error.status !== 403) {
      complain(error);
      setTimeout(() => filled.delete(key) && show(), TRY_AGAIN);
    }
  }
  show();
}

function show() {
  const call = desk.selected;
  const concerns = call && (isMine(call) || isOffered(call));
  if (concerns && !filled.has(keyOf(call))) void load(call);
  shown = ((concerns && filled.get(keyOf(call))) || []).filter((slot) => renderers.has(slot.name));
  pane.hidden = !shown.length;
  if (chosenFor !== call?.id) {
    chosen = null;
    chosenFor = call?.id;
  }
  if (!shown.length) return;
  refresh(pane, [keyOf(call), shown.map((slot) => slot.name)], () => [
    el("div", { class: "talk-tabs", role: "tablist", "aria-label": t("For this call") }, shown.map(tab)),
    ...shown.map((slot) => el("div", { class: "talk-panel", role: "tabpanel", id: `talk-${slot.name}`, "aria-labelledby": `talk-tab-${slot.name}`, tabindex: "-1" },
      renderers.get(slot.name).render(slot.content, call))),
  ]);
  choose();
}

function tab({ name }) {
  const { label, picture, shortcut } = renderers.get(name);
  return el("button", { type: "button", role: "tab", class: "talk-tab", id: `talk-tab-${name}`, "data-key": `talk-${name}`, "aria-controls": `talk-${name}`, onclick: () => openSlot(name) },
    icon(picture), label, shortcut ? el("kbd", { "aria-hidden": "true" }, shortcut) : null);
}

function choose() {
  const present = shown.some((slot) => slot.name === chosen) ? chosen : shown[0].name;
  for (const { name } of shown) {
    const own = document.getElementById(`talk-tab-${name}`);
    own.setAttribute("aria-selected", String(name === present));
    own.tabIndex = name === present ? 0 : -1;
    document.getElementById(`talk-${name}`).hidden = name !== present;
  }
}

pane.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || !event.target.matches("[role=tab]")) return;
  event.preventDefault();
  const at = shown.findIndex(({ name }) => document.activeElement.id === `talk-tab-${name}`);
  const { name } = shown[(at + by + shown.length) % shown.length];
  openSlot(name);
  document.getElementById(`talk-tab-${name}`).focus();
});

desk.addEventListener("change", show);
