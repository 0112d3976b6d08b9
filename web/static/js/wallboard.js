// The wallboard: figures from the API when something happened, lines and agents from the socket.
import { get, post } from "./api.js";
import { everySecond, since } from "./clock.js";
import { clean, el, icon, mark, refresh } from "./dom.js";
import { duration } from "./format.js";
import { socket, store } from "./live.js";
import { t } from "./text.js";
import { complain } from "./toast.js";
import { agentWord, lineWord, whoOf } from "./words.js";

const board = document.getElementById("wallboard");
const find = (name) => board.querySelector(`[data-${name}]`);
const FIGURES_AT_MOST_EVERY = 1000;
const LOWER_IS_BETTER = new Set(["average_speed_of_answer", "abandoned", "longest_wait"]);

let figures = null;
let asked = null;

function written(value, unit) {
  if (value === null || value === undefined) return "–";
  return unit === "share" ? `${Math.round(value * 1000) / 10} %` : duration(value);
}

function showFigures() {
  if (!figures) return;
  for (const [name, figure] of Object.entries(figures.figures)) {
    const place = board.querySelector(`[data-figure="${name}"]`);
    if (!place) continue;
    const value = name === "longest_wait" && figure.since ? since(figure.since) : figure.value;
    place.querySelector("[data-value]").textContent = written(value, figure.unit);
    const target = figure.target ?? null;
    place.querySelector("[data-target]").textContent = target === null ? ""
      : t("target {target}", { target: `${LOWER_IS_BETTER.has(name) ? "≤" : "≥"} ${written(target, figure.unit)}` });
    const met = LOWER_IS_BETTER.has(name) ? value <= target : value >= target;
    place.dataset.met = target === null || value === null || value === undefined ? "" : met ? "yes" : "no";
  }
  const counts = figures.counts;
  find("counts").textContent = t("{in} in · {out} out · {answered} answered · {abandoned} abandoned · {missed} to call back", {
    in: counts.incoming, out: counts.outgoing, answered: counts.answered, abandoned: counts.abandoned, missed: counts.missed_open,
  });
}

function askSoon() {
  asked ??= setTimeout(async () => {
    asked = null;
    try {
      figures = await get("/wallboard");
      showFigures();
    } catch (error) {
      if (error.status) complain(error);
    }
  }, FIGURES_AT_MOST_EVERY);
}

const byName = (one, other) => one.name.localeCompare(other.name, document.documentElement.lang, { numeric: true });

function showAlarms() {
  const lines = store.all("lines").sort(byName);
  const alarms = lines.flatMap((line) => [
    line.state === "lost" ? t("Line {name} is lost: {reason}", { name: line.name, reason: line.reason }) : null,
    line.note ? t("Line {name}: {note}", { name: line.name, note: line.note }) : null,
  ]).filter(Boolean);
  refresh(find("alarms"), alarms, () => alarms.map((text) => el("div", { class: "alarm" }, icon("exclamation-octagon"), clean(text))));
}

async function control(path, body) {
  try {
    await post(path, body);
  } catch (error) {
    complain(error);
  }
}

function lineTile(line) {
  const call = line.call_id ? store.get("calls", line.call_id) : null;
  const detail = call && call.state !== "ended" ? whoOf(call) : line.reason;
  return el("article", { class: "tile", "data-state": line.state },
    el("header", {}, mark(line.state), el("strong", { class: "cut" }, line.name), el("span", { class: "number", "data-since": line.since })),
    el("p", {}, lineWord(line.state)),
    el("p", { class: "quiet small cut", title: detail }, detail || " "),
    board.dataset.controlLines ? el("button", {
      type: "button", class: "btn btn-sm btn-quiet", "data-key": `line-${line.id}`,
      onclick: () => control(`/lines/${line.id}/out-of-service`, { out: !line.out_of_service }),
    }, line.out_of_service ? t("Back in service") : t("Out of service")) : null);
}

function agentTile(agent) {
  return el("article", { class: "tile", "data-state": agent.state },
    el("header", {}, mark(agent.state), el("strong", { class: "cut" }, agent.name), el("span", { class: "number", "data-since": agent.since })),
    el("p", {}, agentWord(agent.state), agent.reason ? ` · ${agent.reason}` : ""),
    board.dataset.controlAgents && ["available", "away", "wrap_up"].includes(agent.state) ? el("button", {
      type: "button", class: "btn btn-sm btn-quiet", "data-key": `agent-${agent.id}`,
      onclick: () => control(`/agents/${agent.id}/state`, { state: "offline" }),
    }, t("Sign off")) : null);
}

function empty(text) {
  return el("p", { class: "quiet" }, text);
}

function showLines() {
  const lines = store.all("lines").sort(byName);
  const calls = lines.map((line) => (line.call_id ? store.get("calls", line.call_id) : null));
  refresh(find("lines"), [lines, calls], () => (lines.length ? lines.map(lineTile) : empty(t("No line is set up. Add one to callcenter.toml."))));
  showAlarms();
}

function showAgents() {
  const agents = store.all("agents").sort(byName);
  refresh(find("agents"), agents, () => (agents.length ? agents.map(agentTile) : empty(t("Nobody has signed in as an agent yet."))));
}

store.addEventListener("lines", showLines);
store.addEventListener("calls", () => { showLines(); askSoon(); });
store.addEventListener("agents", () => { showAgents(); askSoon(); });
socket.addEventListener("ready", askSoon);
everySecond(showFigures);
setInterval(askSoon, 30_000);

find("full-screen").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});
document.addEventListener("fullscreenchange", () => document.body.classList.toggle("on-the-wall", Boolean(document.fullscreenElement)));
showLines();
showAgents();
askSoon();
