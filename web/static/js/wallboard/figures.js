// The big numbers beside their targets. Each says on hover or focus how it is defined.
import { get } from "../api.js";
import { everySecond, now } from "../clock.js";
import { el, mark } from "../dom.js";
import { duration, exact } from "../format.js";
import { inTime } from "../in_time.js";
import { socket, store } from "../live.js";
import { locale, t } from "../text.js";

const EVERY = 10000;
const SOON = 700;
const OLD = 45000;
const box = document.getElementById("figures");
const counts = document.getElementById("counts");
const clock = document.getElementById("wall-clock");
const old = document.getElementById("figures-old");
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });

// key → label, definition, and whether more is better (null: neither)
const SHOWN = {
  service_level: [t("Service level"), (figure) => t("Calls answered within {seconds} s ÷ (answered + abandoned − abandoned within {short} s)", { seconds: figure.seconds, short: figure.short_abandon_seconds }), 1],
  average_speed_of_answer: [t("Average speed of answer"), () => t("Sum of the times from the first ring to the answer ÷ answered calls"), -1],
  abandoned: [t("Abandoned %"), () => t("Abandoned calls ÷ (answered + abandoned), without those abandoned early"), -1],
  longest_wait: [t("Longest wait now"), () => t("Age of the oldest call that is ringing now"), -1],
  average_handling_time: [t("Average handling time"), () => t("(Talk with holds + the wrap-up that followed at once) ÷ handled calls"), -1],
  occupancy: [t("Occupancy"), () => t("Time spent on calls ÷ (time on calls + time available)"), -1],
};

// key → label and definition
const COUNTS = {
  incoming: [t("Incoming"), t("Calls that came in; one that rang at several telephones or was transferred counts once")],
  answered: [t("Answered calls"), t("Incoming calls on which somebody spoke")],
  abandoned: [t("All abandoned"), t("Incoming calls abandoned before anybody answered, early ones too")],
  outgoing: [t("Outgoing"), t("Calls dialled, reached or not")],
  missed_open: [t("Missed, to be called back"), t("Missed calls of today that nobody has dealt with")],
};

let shown = null;

const write = (value, unit) => (value === null ? "–" : unit === "share" ? percent.format(value) : duration(value));

// good, near (within a tenth), missed; nothing without a value or a target.
function verdict(figure, value, direction) {
  if (value === null || figure.target === null || direction === null) return "";
  const better = direction > 0 ? value >= figure.target : value <= figure.target;
  if (better) return "good";
  const near = direction > 0 ? value >= figure.target * 0.9 : value <= figure.target * 1.1;
  return near ? "near" : "bad";
}

const VERDICTS = { good: ["available", t("on target")], near: ["away", t("close to the target")], bad: ["missed", t("target missed")] };

function tile(key, figure) {
  const [label, define, direction] = SHOWN[key];
  const value = key === "longest_wait" && figure.since ? (now() - Date.parse(figure.since)) / 1000 : figure.value;
  const found = verdict(figure, value, direction);
  const definition = define(figure);
  return el("article", { class: "figure", "data-verdict": found, "data-figure": key },
    el("h2", {}, label, el("button", { type: "button", class: "tip", "aria-label": `${label}: ${definition}`, "data-tip": definition }, "?")),
    el("p", { class: "figure-value number" }, write(value, figure.unit)),
    el("p", { class: "figure-target" },
      found ? mark(VERDICTS[found][0]) : null,
      figure.target === null ? t("no target") : t("Target {value}", { value: `${direction > 0 ? "≥" : "≤"} ${write(figure.target, figure.unit)}` }),
      found ? el("span", { class: "visually-hidden" }, VERDICTS[found][1]) : null));
}

function show() {
  if (!shown) return;
  for (const [key, figure] of Object.entries(shown.figures)) {
    if (!SHOWN[key]) continue;
    const fresh = tile(key, figure);
    const drawn = box.querySelector(`[data-figure=${key}]`);
    if (!drawn) box.append(fresh);
    else {
      drawn.dataset.verdict = fresh.dataset.verdict;
      for (const part of [".figure-value", ".figure-target"]) {
        const [before, after] = [drawn.querySelector(part), fresh.querySelector(part)];
        if (before.innerHTML !== after.innerHTML) before.replaceWith(after);
      }
    }
  }
  for (const [key, [label, definition]] of Object.entries(COUNTS)) {
    const value = counts.querySelector(`[data-count=${key}]`);
    if (value) value.textContent = shown.counts[key];
    else {
      counts.append(el("span", { class: "count" }, `${label} `, el("strong", { class: "number", "data-count": key }, shown.counts[key]),
        el("button", { type: "button", class: "tip", "aria-label": `${label}: ${definition}`, "data-tip": definition }, "?")));
    }
  }
}

// The socket may live while the figures do not come: then they say of when they are.
function showAge() {
  const late = Boolean(shown) && now() - Date.parse(shown.at) > OLD;
  old.hidden = !late;
  if (late) old.textContent = t("These figures are of {time}; newer ones do not come.", { time: exact(shown.at) });
}

const soon = inTime(async (signal) => {
  try {
    shown = await get("/wallboard", { signal });
    show();
  } catch {
    // The banner says that the page is not live; the last figures stay.
  }
  soon(EVERY);
}, SOON);

store.addEventListener("calls", () => soon());
socket.whenReady(() => soon());
everySecond(() => {
  clock.textContent = exact(new Date(now()).toISOString());
  if (shown?.figures.longest_wait?.since) show();
  showAge();
});
soon(0);
