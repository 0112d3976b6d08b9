// On a narrow screen the wrap-up of an ended call stands right below its buttons, not under card and script. It is moved
// in the document, so that the tabulator key goes the way that the eye goes; never from under somebody who writes in it.
import { desk, isMine } from "./desk.js";

const narrow = matchMedia("(max-width: 760px)");
const pane = document.getElementById("wrap-up");
const whole = document.getElementById("console");
const buttons = document.getElementById("card-control");

function place() {
  const call = desk.selected;
  const above = narrow.matches && call?.state === "ended" && isMine(call);
  const home = above ? buttons.parentElement : whole;
  if (pane.parentElement === home || pane.contains(document.activeElement)) return;
  if (above) buttons.after(pane);
  else whole.append(pane);
}

narrow.addEventListener("change", place);
desk.addEventListener("change", place);
place();
