// Alarms on every page of those who may see them: a chip with their number, and a word when one opens.
import { post } from "./api.js";
import { ask } from "./ask.js";
import { el, icon } from "./dom.js";
import { socket, store } from "./live.js";
import { redraw } from "./redraw.js";
import { t } from "./text.js";
import { complain, toast } from "./toast.js";
import { lineName, lineReason } from "./words.js";

export const handlesAlarms = document.body.dataset.handlesAlarms === "yes";
const LONGEST_NOTE = 500;
const chip = document.getElementById("alarm-chip");

const WORDS = {
  line_lost: (alarm) => t("{line}: line lost. {reason}", { line: lineName(alarm.line.name), reason: lineReason(alarm) }),
  gateway_down: (alarm) => t("{gateway}: SMS gateway down. {reason}", { gateway: alarm.gateway.name, reason: lineReason(alarm) }),
  gateway_passed_over: (alarm) => t("{gateway}: SMS gateway takes no messages. {reason}", { gateway: alarm.gateway.name, reason: lineReason(alarm) }),
  gateway_full: (alarm) => t("{gateway}: storage for incoming SMS full, replies may not arrive.", { gateway: alarm.gateway.name }),
  queue_stuck: (alarm) => t("SMS messages are due and nobody takes them. {reason}", { reason: lineReason(alarm) }),
  balance_low: (alarm) => t("{gateway}: {count} messages left on the account.", { gateway: alarm.gateway.name, count: alarm.balance }),
  sending_halted: (alarm) => t("SMS to many No. {number} was paused by itself; somebody has to look at it.", { number: alarm.batch_id }),
  unanswered: () => t("A patient has been waiting too long for an answer by SMS."),
  caller_left: (alarm) => t("{line}: {reason}", { line: lineName(alarm.line.name), reason: lineReason(alarm) }),
  numberless: (alarm) => t("{line}: {reason}", { line: lineName(alarm.line.name), reason: lineReason(alarm) }),
};

export const alarmText = (alarm) => WORDS[alarm.kind]?.(alarm) ?? lineReason(alarm);

// Those that wait for somebody: what is still true first, then the newest.
export function openAlarms() {
  return store.all("alarms").filter((alarm) => !alarm.handled_at)
    .sort((one, other) => Number(Boolean(one.cleared_at)) - Number(Boolean(other.cleared_at)) || other.id - one.id);
}

export async function handleAlarm(alarm) {
  const note = await ask(alarmText(alarm), { field: t("What was done"), action: t("Dealt with"), needed: true, longest: LONGEST_NOTE });
  if (!note) return;
  await sendNote(alarm.id, note);
}

async function sendNote(id, note) {
  try {
    await store.learn("alarms", post(`/alarms/${id}/handle`, { note }));
  } catch (error) {
    complain(error);
  }
}

function show() {
  if (!chip || document.getElementById("wallboard")) return;
  const alarms = openAlarms();
  chip.hidden = !alarms.length;
  if (!alarms.length) return;
  chip.dataset.kind = alarms.some((alarm) => alarm.grave && !alarm.cleared_at) ? "bad" : "warn";
  chip.title = alarms.map(alarmText).join("\n");
  chip.replaceChildren(icon("exclamation-octagon-fill"), el("span", {}, t("Alarms: {count}", { count: alarms.length })));
}

store.addEventListener("alarms", (event) => {
  show();
  const { type, data } = event.detail;
  // What is caught up with after a break is in the chip; only what happens now is called out.
  if (type === "alarm.opened" && socket.state === "live" && !document.getElementById("wallboard")) {
    toast(alarmText(data), { kind: "bad", link: { href: "/alarms?handled=false", label: t("See the alarms") } });
  }
});
show();

// The list of alarms: its buttons work the same, and the page shows what became of it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-handle-alarm]");
  if (!button) return;
  const note = await ask(button.dataset.text, { field: t("What was done"), action: t("Dealt with"), needed: true, longest: LONGEST_NOTE });
  if (!note) return;
  await sendNote(button.dataset.handleAlarm, note);
  await redraw("list");
});
