// The list of lines keeps up: states as they change, the whole list when a line comes, goes, or is set up otherwise.
import { el, icon, mark, refresh } from "../dom.js";
import { store } from "../live.js";
import { redraw } from "../redraw.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { lineNote, lineReason, lineWord } from "../words.js";
import { switchLine } from "./service.js";

const list = () => document.getElementById("list");
let asking = false;

function state(line) {
  const why = [lineReason(line), lineNote(line)].filter(Boolean).join(" · ");
  return [
    el("span", { class: "line-state" }, mark(line.state), el("span", {}, lineWord(line.state)), el("span", { class: "number quiet", "data-since": line.since })),
    why ? el("div", { class: "line-why small" }, why) : null,
  ];
}

function control(line) {
  const word = line.out_of_service ? t("Back into service") : t("Take out of service");
  return el("button", { type: "button", class: "btn btn-sm btn-quiet", "data-key": `service-${line.id}`, onclick: () => switchLine(line) },
    icon(line.out_of_service ? "play-fill" : "pause-fill"), word);
}

// Somebody else has added, removed or arranged a line: the list itself is made anew by the server.
function outdated(rows, lines) {
  if (rows.length !== lines.length) return true;
  return lines.some((line) => {
    const row = rows.find((one) => one.dataset.line === String(line.id));
    return !row || row.dataset.name !== line.name || row.dataset.group !== line.group || row.dataset.driver !== line.driver;
  });
}

async function load() {
  if (asking) return;
  asking = true;
  try {
    await redraw("list");
  } catch {
    // The banner says that the server is away; the list stays as it was.
  } finally {
    asking = false;
  }
}

function show() {
  if (!store.has("lines")) return;
  const lines = store.all("lines");
  const rows = [...list().querySelectorAll("[data-line]")];
  if (outdated(rows, lines)) void load();
  for (const row of rows) {
    const line = store.get("lines", row.dataset.line);
    if (!line) continue;
    if (refresh(row.querySelector("[data-state]"), { ...line, capabilities: null }, () => state(line))) writeTimes(row);
    const service = row.querySelector("[data-service]");
    if (service) refresh(service, String(line.out_of_service), () => control(line));
  }
}

store.addEventListener("lines", show);
document.addEventListener("htmx:afterSettle", show);
show();
