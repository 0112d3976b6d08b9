// "Ring me now": the check list ticks itself as the device does things, the raw trace runs beside it.
import { call, post } from "../api.js";
import { el, icon, mark, refresh } from "../dom.js";
import { everySecond, now } from "../clock.js";
import { duration, toThousandth } from "../format.js";
import { socket, store } from "../live.js";
import { Newest } from "../newest.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { writeTimes } from "../times.js";
import { absentWord, lineReason, lineWord } from "../words.js";
import { switchLine } from "./service.js";

const page = document.getElementById("trial");
const lineId = Number(page.dataset.line);
const boxes = Object.fromEntries(["state", "steps", "trace", "buttons", "ends", "tools"].map((name) => [name, document.getElementById(`trial-${name}`)]));
const MOST_ROWS = 1000;
const ARROWS = { received: "<", sent: ">", opened: "+", closed: "-" };
const WORDS = {
  port: t("Port open"), ready: t("Device answers"), ring: t("Ring seen"), caller_id: t("Caller id seen"),
  picked_up: t("Picked up"), hung_up: t("Hung up"), stopped: t("Ringing stopped"),
};
const HINTS = {
  port: () => t("The port cannot be opened yet. It is tried again and again."),
  ready: () => t("The port is open; the device does not answer yet."),
  ring: () => t("Call the number of this line now, from a mobile phone."),
  caller_id: (seen) => (seen.has("ring")
    ? t("It rings, and no number has come. Ask the telephone company whether caller id display is switched on for this line.")
    : t("Call the number of this line now, from a mobile phone.")),
  picked_up: () => t("Lift the handset of this line, or answer the call on the console."),
  hung_up: () => t("Hang up on either side."),
  stopped: () => t("Hang up the mobile phone."),
};

const answers = new Newest();
let test = null;

const line = () => store.get("lines", lineId);

function detail({ step, detail: seen }) {
  if (step === "ready") return seen.identification;
  if (step === "ring") return seen.count ? t("{count} times", { count: seen.count }) : "";
  if (step === "caller_id") return [seen.number, seen.name, absentWord(seen.absent)].filter(Boolean).join(" · ");
  return "";
}

function row(step, current, seen) {
  const done = Boolean(step.at);
  const lost = step.step === "port" || step.step === "ready" ? lineReason(line() ?? {}) : "";
  return el("li", { class: "step", "data-step": step.step, "data-done": done ? "yes" : "no", "aria-current": current ? "step" : false },
    icon(done ? "check-circle-fill" : current ? "arrow-right-circle" : "circle"),
    el("div", {}, el("strong", {}, WORDS[step.step]), el("span", { class: "visually-hidden" }, done ? t("done") : t("to come")),
      done && detail(step) ? el("span", { class: "step-detail" }, detail(step)) : null,
      current ? el("p", { class: "small" }, lost || HINTS[step.step](seen)) : null),
    done ? el("span", { class: "number small quiet" }, toThousandth(step.at)) : null);
}

function showSteps() {
  const { steps, running } = test;
  const seen = new Set(steps.filter((one) => one.at).map((one) => one.step));
  const next = running ? steps.find((one) => !one.at)?.step : null;
  refresh(boxes.steps, [steps, next, line()?.reason], () => steps.map((one) => row(one, one.step === next, seen)));
  page.dataset.passed = steps.every((one) => one.at) ? "yes" : "no";
}

function button(word, name, run, kind = "") {
  return el("button", { type: "button", class: `btn ${kind}`, "data-key": name, "data-do": name, onclick: run }, word);
}

async function ask(request) {
  try {
    await answers.ask(request, take);
  } catch (error) {
    complain(error);
  }
}

const begin = () => ask(() => post(`/lines/${lineId}/test`));
const stop = () => ask(() => call("DELETE", `/lines/${lineId}/test`));

function showButtons() {
  const buttons = test.running
    ? [button(t("Start over"), "begin", begin), button(t("Stop"), "stop", stop)]
    : [button(test.began_at ? t("Start over") : t("Start the test"), "begin", begin, "btn-primary")];
  refresh(boxes.buttons, String([test.running, Boolean(test.began_at)]), () => buttons);
  boxes.tools.hidden = !test.began_at;
}

function showEnd() {
  if (!test) return;
  const left = test.running ? (Date.parse(test.ends_at) - now()) / 1000 : 0;
  const ended = { time: t("Stopped by itself after 15 minutes."), stopped: t("Stopped.") }[test.end] ?? "";
  boxes.ends.textContent = test.running ? t("Stops automatically in {time}, or when nobody is watching.", { time: duration(left) }) : ended;
}

function entry(one) {
  const words = { opened: t("port opened"), closed: t("port closed") }[one.way];
  const body = words ?? (one.hidden ? t("{count} bytes, not shown: they may hold a telephone number", { count: one.size }) : one.hex);
  return el("div", { class: "trace-row", "data-way": one.way },
    el("span", { class: "trace-at" }, toThousandth(one.at)), el("span", { class: "trace-way" }, ARROWS[one.way]),
    el("span", { class: "trace-hex" }, body, one.size > 512 ? " …" : null), el("span", { class: "trace-text" }, one.text));
}

function showEntries({ entries, missed }) {
  if (!entries.length) return;
  const { trace } = boxes;
  const atEnd = trace.scrollTop + trace.clientHeight >= trace.scrollHeight - 40;
  trace.querySelector(".empty")?.remove();
  trace.append(...[missed ? el("div", { class: "trace-row quiet" }, t("{count} entries were not shown", { count: missed })) : null, ...entries.map(entry)].filter(Boolean));
  while (trace.childElementCount > MOST_ROWS) trace.firstElementChild.remove();
  if (atEnd) trace.scrollTop = trace.scrollHeight;
}

let shownUpTo = 0;

function take(found) {
  if (found.began_at !== test?.began_at) {
    boxes.trace.replaceChildren(el("p", { class: "empty empty-small" }, found.running ? t("Nothing has gone over the port yet.") : t("The trace starts with the test.")));
    shownUpTo = 0;
  }
  test = found;
  const entries = found.entries.filter((one) => one.n > shownUpTo);
  shownUpTo = Math.max(shownUpTo, ...entries.map((one) => one.n));
  showSteps();
  showButtons();
  showEnd();
  showEntries({ entries, missed: found.missed });
}

function showLine() {
  const present = line();
  if (!present) {
    if (store.has("lines")) refresh(boxes.state, "gone", () => el("span", {}, t("This line was removed.")));
    return;
  }
  const built = refresh(boxes.state, { ...present, capabilities: null }, () => [
    mark(present.state), el("strong", {}, lineWord(present.state)), el("span", { class: "number quiet", "data-since": present.since }),
    lineReason(present) ? el("span", { class: "line-why" }, lineReason(present)) : null,
    el("span", { class: "spacer" }),
    page.dataset.controls === "yes" ? el("button", { type: "button", class: "btn btn-sm btn-quiet", "data-key": "service", onclick: () => switchLine(present) },
      present.out_of_service ? t("Back into service") : t("Take out of service")) : null,
  ]);
  if (built) writeTimes(boxes.state);
  document.getElementById("trial-shown").hidden = present.out_of_service;
  if (test) showSteps();
}

function traceText() {
  return [...boxes.trace.querySelectorAll(".trace-row")].map((one) => [...one.children].map((part) => part.textContent).join("  ") || one.textContent).join("\n");
}

// Without https a browser gives scripts no clipboard; an old way still works.
async function copy() {
  const text = traceText();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "visually-hidden", value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(t("The trace is copied."), { kind: "good" });
}

document.getElementById("copy-trace").addEventListener("click", copy);
socket.addEventListener("message", ({ detail: message }) => {
  if (message.op === "test" && message.line_id === lineId) answers.hear(() => take(message.data));
});
store.addEventListener("lines", showLine);
everySecond(showEnd);
showLine();
