// My state with its timer, and my line, in the top bar.
import { post } from "../api.js";
import { el, mark, refresh } from "../dom.js";
import { timeOfDay } from "../format.js";
import { me, store } from "../live.js";
import { t } from "../text.js";
import { complain } from "../toast.js";
import { writeTimes } from "../times.js";
import { agentWord, lineName, lineReason, lineWord } from "../words.js";
import { desk, inProgress } from "./desk.js";

const menu = document.getElementById("my-state");
const summary = menu.querySelector("[data-summary]");
const line = document.getElementById("my-line");
const [onDuty, offDuty] = ["on-duty", "off-duty"].map((id) => document.getElementById(id));
const off = new Set(["offline", "away"]);

function showState() {
  const agent = store.get("agents", me);
  if (!agent) return;
  refresh(summary, [agent.state, agent.reason, agent.since, agent.until], () => [
    mark(agent.state), el("strong", {}, agentWord(agent.state)), agent.reason ? el("span", { class: "quiet cut" }, agent.reason) : null,
    el("span", { class: "number state-timer", "data-since": agent.since }),
    agent.until ? el("span", { class: "quiet state-until", title: t("You then become available automatically. Unfinished wrap-ups stay on the list.") },
      t("until {time}", { time: timeOfDay(agent.until) })) : null,
  ]);
  for (const button of menu.querySelectorAll("[data-state]")) {
    button.setAttribute("aria-pressed", String(button.dataset.state === agent.state && (button.dataset.reason ?? "") === agent.reason));
  }
  writeTimes(menu);
  onDuty.hidden = off.has(agent.state);
  offDuty.hidden = !onDuty.hidden;
  offDuty.querySelector("[data-word]").textContent = t("You are: {state}", { state: agentWord(agent.state) });
}

// Of the lines only mine and those of my calls are up to date.
function showLine() {
  const busy = desk.calls.find(inProgress);
  const found = store.all("lines").find((one) => (busy ? one.id === busy.line.id : one.desk.includes(me)));
  refresh(line, [found?.name, found?.state, found?.reason, store.has("lines")], () => (found
    ? [mark(found.state), el("span", { class: "cut" }, lineName(found.name)), el("span", { class: "quiet" }, lineWord(found.state))]
    : store.has("lines") ? [el("span", { class: "quiet" }, t("Any free line"))] : []));
  line.title = found ? lineReason(found) : "";
}

async function choose(state, reason) {
  menu.removeAttribute("open");
  try {
    await store.learn("agents", post("/agents/me/state", { state, reason }));
  } catch (error) {
    complain(error);
  }
}

for (const place of [menu, offDuty]) {
  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-state]");
    if (button) void choose(button.dataset.state, button.dataset.reason ?? "");
  });
}
store.addEventListener("agents", showState);
store.addEventListener("lines", showLine);
desk.addEventListener("change", showLine);
showState();
showLine();
