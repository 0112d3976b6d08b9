// What needs somebody now, above everything else.
import { el, icon, refresh } from "../dom.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { lineName, lineNote, lineReason } from "../words.js";

const box = document.getElementById("alarms");

function alarm(kind, text, since) {
  return el("p", { class: "alarm", "data-kind": kind }, icon(kind === "bad" ? "exclamation-octagon-fill" : "exclamation-triangle-fill"),
    el("strong", {}, text), since ? el("span", { class: "number", "data-since": since }) : null);
}

function found() {
  return store.all("lines").flatMap((line) => [
    line.state === "lost" ? ["bad", t("{line}: line lost. {reason}", { line: lineName(line.name), reason: lineReason(line) }), line.since] : null,
    line.note ? ["warn", `${lineName(line.name)}: ${lineNote(line)}`, null] : null,
  ]).filter(Boolean);
}

function show() {
  const list = found();
  box.hidden = !list.length;
  if (refresh(box, list, () => list.map((one) => alarm(...one)))) writeTimes(box);
}

store.addEventListener("lines", show);
show();
