// Everything by keyboard; `?` shows how. Single keys keep quiet while something is typed.
import { typing } from "../dom.js";
import { focusArticles } from "./articles.js";
import { desk } from "./desk.js";
import { dialNext, nextOrSkip, toggleNext } from "./next.js";
import { focusDial } from "./pad.js";
import { focusPeople } from "./people.js";
import { toggleSound } from "./ring.js";
import { chooseKey, fileComplaint, focusNotes } from "./wrapup.js";

const sheet = document.getElementById("cheat-sheet");
const press = (name) => document.querySelector(`#card-actions [data-action=${name}]:not(:disabled)`)?.click();
const steer = (name) => document.querySelector(`#card-control:not([hidden]) [data-action=${name}]:not(:disabled)`)?.click();
// Into a work list: Enter then dials its first entry.
const enter = (id) => (document.querySelector(`#${id} .dial`) ?? document.querySelector(`#${id} button, #${id} a`))?.focus();

function showSheet() {
  if (!sheet.open) sheet.showModal();
}

const KEYS = {
  "?": showSheet,
  a: () => press("answer") ?? press("claim"),
  h: () => press("hang-up"),
  k: () => steer("hold"),
  r: () => steer("transfer"),
  e: () => steer("complete"),
  j: () => steer("conference"),
  d: focusDial,
  b: focusArticles,
  f: fileComplaint,
  "/": focusDial,
  n: focusNotes,
  p: focusPeople,
  s: toggleSound,
  t: toggleNext,
  u: () => [...document.querySelectorAll("#toasts [data-toast-action]")].pop()?.click(),
  x: nextOrSkip,
  y: dialNext,
  m: () => enter("missed"),
  i: () => enter("waiting-texts"),
  c: () => enter("callbacks"),
  w: () => enter("owed"),
  l: () => enter("tasks"),
  "[": () => desk.step(-1),
  "]": () => desk.step(1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey) {
    if (event.key === "Enter" && !typing()) document.dispatchEvent(new Event("huifang:finish"));
    return;
  }
  if (event.key === "Escape" && typing()) {
    event.preventDefault(); // A search field would be emptied.
    document.activeElement.blur();
    return;
  }
  const modal = document.querySelector("dialog[open]");
  if (event.altKey || event.repeat || modal || typing()) return;
  if (/^[1-9]$/.test(event.key) && chooseKey(Number(event.key))) {
    event.preventDefault();
    return;
  }
  const run = KEYS[event.key.toLowerCase()];
  if (!run) return;
  event.preventDefault();
  run();
});

sheet.addEventListener("click", (event) => (event.target === sheet || event.target.closest("[data-close]")) && sheet.close());
document.getElementById("help").addEventListener("click", showSheet);
