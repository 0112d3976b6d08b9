// Lines and agents as tiles, calls in progress as a list. A tile keeps its place whatever its state.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { el, icon, mark, refresh } from "../dom.js";
import { switchLine } from "../lines/service.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { writeTimes } from "../times.js";
import { agentNow, agentWord, lineName, lineReason, lineWord, numberOf, prioritiesOf, regionOf, talkSince, talkWord } from "../words.js";
import { listenCell, listenersOf, waysTo } from "./listening.js";

const board = document.getElementById("wallboard");
const controlsLines = board.dataset.controlsLines === "yes";
const controlsAgents = board.dataset.controlsAgents === "yes";
export const byName = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
const boxes = Object.fromEntries(["lines", "agents", "calls"].map((name) => [name, document.getElementById(name)]));

export function tile(key, name, state, word, since, more, control) {
  return el("article", { class: "tile", "data-state": state, "data-tile": key },
    el("h3", { class: "cut", title: name }, mark(state), name), control,
    el("p", { class: "tile-state" }, el("span", {}, word), el("span", { class: "number", "data-since": since })),
    el("p", { class: "tile-more cut", title: more }, more));
}

function lineTile(line) {
  const call = line.call_id ? store.get("calls", line.call_id) : null;
  const more = call ? [call.patient?.name || numberOf(call), call.agent?.name].filter(Boolean).join(" · ") : lineReason(line);
  const control = controlsLines ? el("button", {
    type: "button", class: "btn btn-sm btn-quiet btn-icon tile-control", "data-key": `line-${line.id}`, onclick: () => switchLine(line),
    title: line.out_of_service ? t("Back into service") : t("Take out of service"), "aria-label": `${lineName(line.name)}: ${line.out_of_service ? t("Back into service") : t("Take out of service")}`,
  }, icon("three-dots")) : null;
  return tile(`line-${line.id}`, lineName(line.name), line.state, lineWord(line.state), line.since, more, control);
}

function agentTile(agent) {
  const call = store.all("calls").find((one) => one.agent?.id === agent.id && one.state !== "ended");
  const control = controlsAgents ? el("button", {
    type: "button", class: "btn btn-sm btn-quiet btn-icon tile-control", "data-key": `agent-${agent.id}`, onclick: () => moveAgent(agent),
    title: t("Change the state"), "aria-label": t("Change the state of {name}", { name: agent.name }),
  }, icon("three-dots")) : null;
  return tile(`agent-${agent.id}`, agent.name, agent.state, agentNow(agent), agent.since, call ? call.patient?.name || numberOf(call) : agent.line, control);
}

async function moveAgent(agent) {
  const state = await ask(t("Put {name} into another state", { name: agent.name }), {
    choices: ["available", "away", "offline"].map((one) => [one, agentWord(one)]), action: t("Change the state"),
  });
  if (!state) return;
  try {
    await store.learn("agents", post(`/agents/${agent.id}/state`, { state }));
  } catch (error) {
    complain(error);
  }
}

function callRow(call) {
  const since = talkSince(call);
  return el("tr", { "data-call": call.id },
    el("td", {}, el("span", { class: "wall-state" }, mark(call.state), talkWord(call))),
    el("td", { class: "number", "data-since": since }),
    el("td", {}, el("span", { class: "wall-who" }, call.patient?.name || numberOf(call)), " ", el("span", { class: "quiet small" }, call.patient ? numberOf(call) : regionOf(call)),
      prioritiesOf(call).map((word) => [" ", el("span", { class: "badge-soft badge-violet", "data-badge": "priority" }, icon("star-fill"), word)]).flat()),
    el("td", {}, lineName(call.line.name)),
    el("td", {}, call.agent?.name ?? el("span", { class: "quiet" }, t("nobody yet"))),
    listenCell(call));
}

export function sum(items, word) {
  const states = new Map();
  for (const item of items) states.set(item.state, (states.get(item.state) ?? 0) + 1);
  return [...states].map(([state, count]) => `${word(state)} ${count}`).join(" · ");
}

function fill(topic, items, build, empty) {
  const box = boxes[topic];
  const built = refresh(box, items.length ? items : [store.has(topic)], () => (items.length ? build(items) : store.has(topic) && el("p", { class: "empty empty-small" }, empty)));
  if (built) writeTimes(box);
}

function show() {
  const lines = store.all("lines").sort((one, other) => byName(one.name, other.name));
  const agents = store.all("agents").sort((one, other) => byName(one.name, other.name));
  const calls = store.all("calls").filter((call) => call.state !== "ended").sort((one, other) => one.id - other.id);
  const context = calls.map((call) => [call.id, call.state, call.agent?.id, call.patient?.id, call.number]);
  fill("lines", lines.map((line) => ({ ...line, context })), (all) => all.map(lineTile), t("No line is configured."));
  fill("agents", agents.map((agent) => ({ ...agent, context })), (all) => all.map(agentTile), t("No agent has signed in yet."));
  const heard = calls.map((call) => ({ ...call, listeners: listenersOf(call), ways: waysTo(call) }));
  fill("calls", heard, (all) => el("div", { class: "table-wrap", role: "group", "aria-labelledby": "head-calls", tabindex: 0, "data-key": "calls" }, el("table", { class: "table" }, el("tbody", {}, all.map(callRow)))), t("Nobody is on the phone."));
  document.getElementById("lines-sum").textContent = sum(lines, lineWord);
  document.getElementById("agents-sum").textContent = sum(agents, agentWord);
  document.getElementById("calls-sum").textContent = String(calls.length);
}

for (const topic of ["lines", "agents", "calls", "listeners"]) store.addEventListener(topic, show);
show();
