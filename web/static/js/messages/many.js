// One text to many: as it is written, who gets it, who does not and why, and what it costs; then sent once.
import { get, post } from "../api.js";
import { ask } from "../ask.js";
import { el, icon } from "../dom.js";
import { fromLocalField } from "../format.js";
import { money } from "../sms.js";
import { t } from "../text.js";
import { complain } from "../toast.js";

const ASK_AFTER = 400;
const SHOWN = 100;
const form = document.getElementById("many");
const { text, purpose, at, until, title } = form.elements;
const place = document.getElementById("m-preview");
const send = form.querySelector("[data-send]");
const problem = form.querySelector("[data-problem]");
const filter = Object.fromEntries(new URLSearchParams(form.dataset.filter));
// This form's own: whatever is clicked twice, or sent again after a doubt, is sent once.
const key = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const WHY = {
  not_found: t("not found, or out of your reach"), no_mobile: t("no number that takes texts"), duplicate: t("somebody before has the same number"),
  opted_out: t("has opted out"), do_not_contact: t("does not want to be contacted"), daily_cap: t("has today's share of messages"),
  too_late: t("it would be too late"), unfilled: t("a placeholder has no value"),
};
const WARNINGS = {
  department: t("It names a department: whoever sees the phone learns what the patient is treated for."),
  revealing: t("It has a word that tells a diagnosis to whoever sees the phone."),
};

let waiting = null;
let asked = 0;
let shown = null;

const body = () => ({
  text: text.value, purpose: purpose.value, title: title.value, filter, at: fromLocalField(at.value), expires_at: fromLocalField(until.value),
});

function say(error = "") {
  problem.textContent = error;
  problem.hidden = !error;
}

function reasons(found) {
  return Object.entries(found.reasons).map(([why, count]) => el("details", {}, el("summary", {}, `${WHY[why]}：${count}`),
    el("ul", { class: "many-out" }, found.refused.filter((one) => one.why === why).slice(0, SHOWN).map((one) => el("li", {}, one.name ? `${one.name} · ${one.record_number}` : `#${one.patient_id}`)))));
}

function show() {
  send.disabled = !shown?.count;
  send.querySelector("span").textContent = shown?.count ? t("Send to {count} patients", { count: shown.count }) : t("Send");
  if (!shown) return;
  const left = shown.refused.length;
  place.replaceChildren(...[
    el("dl", { class: "many-figures" }, el("div", {}, el("dt", {}, t("get it")), el("dd", { "data-fit": shown.count }, String(shown.count))),
      el("div", {}, el("dt", {}, t("left out")), el("dd", {}, String(left))), el("div", {}, el("dt", {}, t("Parts")), el("dd", {}, String(shown.parts))),
      el("div", {}, el("dt", {}, t("Cost")), el("dd", {}, money(shown.cost)))),
    shown.more ? el("p", { class: "notice notice-warn" }, t("The list has more than 1000 patients: the first 1000 are taken. Narrow it.")) : null,
    shown.waiting ? el("p", { class: "quiet" }, t("Of these go later, by the rules of hours and daily caps: {count}", { count: shown.waiting })) : null,
    ...shown.warnings.map((one) => el("p", { class: "notice notice-warn" }, icon("exclamation-triangle"), el("span", {}, WARNINGS[one] ?? one))),
    ...shown.sample.slice(0, 1).map((one) => el("div", {}, el("div", { class: "quiet small" }, t("As {name} reads it", { name: one.name })), el("p", { class: "many-sample" }, one.text))),
    left ? el("div", {}, el("strong", {}, t("Left out: {count}", { count: left })), reasons(shown)) : null,
  ].filter(Boolean));
}

async function preview() {
  const mine = (asked += 1);
  if (!text.value.trim()) {
    shown = null;
    show();
    return;
  }
  try {
    const found = await post("/message-batches/preview", body());
    if (mine !== asked) return;
    shown = found;
    say();
  } catch (error) {
    if (mine !== asked) return;
    shown = null;
    say(Object.values(error.fields ?? {})[0] ?? error.message);
  }
  show();
}

function changed() {
  send.disabled = true; // What is sent is what was shown.
  clearTimeout(waiting);
  waiting = setTimeout(preview, ASK_AFTER);
}

async function sendIt() {
  const sure = await ask(t("Send this message to {count} patients?", { count: shown.count }), { choices: [["yes", t("{parts} SMS, {cost}", { parts: shown.parts, cost: money(shown.cost) })]], action: t("Send") });
  if (!sure) return;
  send.disabled = true;
  try {
    const batch = await post("/message-batches", { ...body(), key });
    location.assign(`/messages?batch_id=${batch.id}`);
  } catch (error) {
    say(Object.values(error.fields ?? {})[0] ?? error.message);
    send.disabled = false;
  }
}

async function texts() {
  const { templates, placeholders } = await get("/message-texts");
  const picker = document.getElementById("m-template");
  const usable = templates.filter((one) => one.purpose !== "reply");
  picker.append(...usable.map((one) => el("option", { value: one.id }, [one.name, one.department?.name, one.disease].filter(Boolean).join(" · "))));
  picker.addEventListener("change", () => {
    const found = usable.find((one) => String(one.id) === picker.value);
    if (!found) return;
    text.value = found.text;
    purpose.value = found.purpose;
    changed();
  });
  document.getElementById("m-places").append(...placeholders.map((name) => el("button", {
    type: "button", class: "chip", onclick: () => {
      text.setRangeText(`{${name}}`, text.selectionStart, text.selectionEnd, "end");
      text.focus();
      changed();
    },
  }, `{${name}}`)));
}

form.addEventListener("input", changed);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!send.disabled) sendIt();
});
texts().catch(complain);
