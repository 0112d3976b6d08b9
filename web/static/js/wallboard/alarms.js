// What needs somebody, above everything else: alarms until they are dealt with, and what devices warn of.
import { alarmText, handleAlarm, handlesAlarms, openAlarms } from "../alarms.js";
import { el, icon, refresh } from "../dom.js";
import { timeOfDay } from "../format.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { lineName, lineNote } from "../words.js";

const box = document.getElementById("alarms");

function row(alarm) {
  const over = Boolean(alarm.cleared_at);
  const kind = over ? "over" : alarm.grave ? "bad" : "warn";
  return el("p", { class: "alarm", "data-kind": kind, "data-alarm": alarm.id },
    icon(over ? "check-circle" : alarm.grave ? "exclamation-octagon-fill" : "exclamation-triangle-fill"),
    el("strong", {}, alarmText(alarm)),
    alarm.times > 1 ? el("span", {}, t("{count} times", { count: alarm.times })) : null,
    el("span", { class: "alarm-since number" }, over
      ? t("over since {time}", { time: timeOfDay(alarm.cleared_at) })
      : el("span", { "data-since": alarm.recurred_at ?? alarm.opened_at })),
    handlesAlarms ? el("button", { type: "button", class: "btn btn-sm alarm-handle", "data-key": `alarm-${alarm.id}`, onclick: () => handleAlarm(alarm) }, t("Dealt with …")) : null);
}

const warning = (line) => el("p", { class: "alarm", "data-kind": "warn" }, icon("exclamation-triangle-fill"),
  el("strong", {}, `${lineName(line.name)}: ${lineNote(line)}`));

function show() {
  const alarms = openAlarms();
  const warned = store.all("lines").filter((line) => line.note);
  box.hidden = !alarms.length && !warned.length;
  const signature = [alarms, warned.map((line) => [line.name, line.note])];
  if (refresh(box, signature, () => [...alarms.map(row), ...warned.map(warning)])) writeTimes(box);
}

store.addEventListener("alarms", show);
store.addEventListener("lines", show);
show();
