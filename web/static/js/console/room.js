// Left: a list with nothing in it keeps its heading only, or goes if it rarely has any, and those with entries have the
// room. Nothing changes its place while the telephone rings or a pointer is at the lists.
import { everySecond } from "../clock.js";
import { desk } from "./desk.js";

const REST = 4000; // A pointer that lies still so long belongs to nobody who is about to click.
const lists = document.querySelector(".work");
const panels = [...lists.querySelectorAll(".work-panel")];
let pointed = -REST;

const isEmpty = (panel) => Boolean(panel.querySelector(".empty-small"));

function share() {
  if (desk.ringing.length || performance.now() - pointed < REST) return;
  for (const panel of panels) {
    panel.classList.toggle("is-empty", isEmpty(panel));
    panel.hidden = isEmpty(panel) && panel.hasAttribute("data-rare");
  }
}

lists.addEventListener("pointermove", () => (pointed = performance.now()));
lists.addEventListener("pointerleave", () => (pointed = -REST));
everySecond(share);
