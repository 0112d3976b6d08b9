// One text to many: as it is written, who gets it, who does not and why, and what it costs; then sent once.
import { get, post } from "../api.js";
import { ask } from "../ask.js";
import { el, icon } from "../dom.js";
import { putInto } from "../editing.js";
import { stillUnsaved } from "../forms.js";
import { exact, fromLocalField } from "../format.js";
import { money, unableWords } from "../sms.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { number, WHY } from "./batch_words.js";
import { cautionWords, notices } from "./cautions.js";
import { whatIsPast } from "./past.js";
import { placeMeaning, placeName } from "./places.js";
import { watchList } from "./upload.js";

const ASK_AFTER = 400;
const form = document.getElementById("many");
const { text, purpose, at, until, title } = form.elements;
const place = document.getElementById("m-preview");
const send = form.querySelector("[data-send]");
const problem = form.querySelector("[data-problem]");
// Whom: the patients' list as it was filtered, or a list that is read here first.
/** @type {{ filter: object } | { list_id: number } | null} */
let whom = form.dataset.filter === undefined ? null : { filter: Object.fromEntries(new URLSearchParams(form.dataset.filter)) };
// This form's own: whatever is clicked twice, or sent again after a doubt, is sent once.
const key = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let waiting = null;
let asking = false;
let stale = false;
let shown = null;

const body = () => ({
  text: text.value, purpose: purpose.value, title: title.value, ...whom, at: fromLocalField(at.value), expires_at: fromLocalField(until.value),
  template_id: Number(document.getElementById("m-template").value) || null,
});

function say(error = "") {
  problem.textContent = error;
  problem.hidden = !error;
}

function reasons(found) {
  return Object.entries(found.reasons).map(([why, count]) => {
    const some = found.refused.filter((one) => one.why === why);
    return el("details", {}, el("summary", {}, `${WHY[why] ?? why}：${number(count)}`),
      el("ul", { class: "many-out" }, some.map((one) => el("li", {}, one.name ? `${one.name} · ${one.record_number}` : `#${one.patient_id}`)),
        count > some.length ? el("li", { class: "quiet" }, t("and {count} more", { count: number(count - some.length) })) : null));
  });
}

const example = (one) => el("div", {}, el("div", { class: "quiet small" }, t("As {name} will see it", { name: one.name })), el("p", { class: "many-sample" }, one.text));
const same = (parts) => (parts === 1 ? t("One short message each") : t("{parts} short messages each", { parts }));
const range = ({ shortest, longest }) => (shortest === longest ? same(shortest) : t("{shortest} to {longest} short messages each", { shortest, longest }));
const figure = (word, value, extra = {}) => el("div", {}, el("dt", {}, word), el("dd", extra, value));

// Sending hours begin for all at the same moment; the daily limits of several numbers may end on several days.
const HELD = {
  quiet_hours: (words) => t("Waiting for sending hours, sent {time}: {count}", words),
  daily_cap: (words) => (words.time === words.last ? t("Daily limit reached, sent {time}: {count}", words) : t("Daily limit reached, sent {time} to {last}: {count}", words)),
};

function times({ count, waiting: later, goes_at: goesAt, waits }) {
  const words = { count: number(count - later), time: exact(goesAt) };
  const going = count === later ? [] : [["send", at.value ? t("Sent {time}: {count}", words) : t("Sent at once: {count}", words)]];
  const held = waits.map((one) => ["clock", HELD[one.why]({ count: number(one.count), time: exact(one.first), last: exact(one.last) })]);
  return [...going, ...held].map(([sign, said]) => el("p", {}, icon(sign), el("span", {}, said)));
}

function show() {
  send.disabled = !shown?.count;
  send.querySelector("span").textContent = shown?.count ? t("Send to {count} patients", { count: number(shown.count) }) : t("Send");
  place.removeAttribute("aria-busy");
  if (!shown) return;
  place.replaceChildren(...[
    el("dl", { class: "many-figures" }, figure(t("will receive it"), number(shown.count), { "data-fit": shown.count }), figure(t("left out"), number(shown.left_out), { "data-left-out": shown.left_out }),
      figure(t("Parts"), number(shown.parts)), figure(t("Cost, about"), money(shown.cost))),
    shown.count ? el("p", { class: "quiet" }, range(shown)) : null,
    shown.count ? el("div", { class: "many-times quiet", "data-waiting": shown.waiting }, times(shown)) : null,
    ...notices([...shown.unable.flatMap((one) => unableWords(one, number(one.count))), ...cautionWords(shown.warnings)]),
    ...shown.sample.slice(0, 2).map(example),
    shown.sample.length > 2 ? el("details", {}, el("summary", {}, t("More examples")), shown.sample.slice(2).map(example)) : null,
    shown.left_out ? el("div", {}, el("strong", {}, t("Not sent to: {count}", { count: number(shown.left_out) })), reasons(shown)) : null,
    el("p", { class: "quiet small" }, t("Recipients are fixed when you press Send. Opt-outs and other rules apply until each message leaves.")),
  ].filter(Boolean));
}

// One question at a time: it looks at everybody who is chosen.
async function preview() {
  if (asking) {
    stale = true;
    return;
  }
  const late = whatIsPast(at.value);
  if (!whom || !text.value.trim() || late) {
    shown = null;
    say(late);
    show();
    return;
  }
  asking = true;
  stale = false;
  place.setAttribute("aria-busy", "true");
  let found = null;
  let refusal = "";
  try {
    found = await post("/message-batches/preview", body());
  } catch (error) {
    refusal = Object.values(error.fields ?? {})[0] ?? error.message;
  }
  asking = false;
  if (stale) {
    void preview();
    return;
  }
  shown = found;
  say(refusal);
  show();
}

function changed() {
  send.disabled = true; // What is sent is what was shown.
  if (asking) stale = true;
  clearTimeout(waiting);
  waiting = setTimeout(preview, ASK_AFTER);
}

async function sendIt() {
  const about = t("About {parts} SMS, {cost}. It can be paused and cancelled while it is sent.", { parts: number(shown.parts), cost: money(shown.cost) });
  const sure = await ask(t("Send this message to {count} patients?", { count: number(shown.count) }), { about, action: t("Send") });
  if (!sure) {
    stillUnsaved(form);
    return;
  }
  send.disabled = true;
  try {
    const batch = await post("/message-batches", { ...body(), key });
    location.assign(`/message-batches/${batch.id}`);
  } catch (error) {
    stillUnsaved(form);
    say(Object.values(error.fields ?? {})[0] ?? error.message);
    send.disabled = false;
  }
}

async function texts() {
  const { templates, placeholders } = await get("/message-texts");
  const picker = document.getElementById("m-template");
  const usable = templates.filter((one) => one.purpose !== "reply");
  picker.append(...usable.map((one) => el("option", { value: one.id }, [one.name, one.department?.name, one.disease].filter(Boolean).join(" · "))));
  let template = ""; // As it was before it was changed.
  picker.addEventListener("change", () => {
    const found = usable.find((one) => String(one.id) === picker.value);
    const before = { template, text: text.value, purpose: purpose.value };
    template = picker.value;
    if (!found) return;
    putInto(text, found.text, { whole: true });
    picker.focus(); // Its keys choose on.
    // Whatever is no template's was written by hand.
    if (before.text.trim() && !usable.some((one) => one.text === before.text)) {
      const undo = () => {
        putInto(text, before.text, { whole: true });
        [picker.value, template, purpose.value] = [before.template, before.template, before.purpose];
        changed();
      };
      toast(t("The template has replaced what you had written."), { action: { label: t("Undo"), run: undo } });
    }
    // A notice is for one person: its text may be taken for another purpose, the one that was chosen.
    if ([...purpose.options].some((one) => one.value === found.purpose)) purpose.value = found.purpose;
    changed();
  });
  document.getElementById("m-places").append(...placeholders.map((name) => el("button", {
    type: "button", class: "chip place-name", title: placeMeaning(name), onclick: () => {
      putInto(text, `{${name}}`);
    },
  }, placeName(name))));
}

form.addEventListener("input", changed);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!send.disabled) void sendIt();
});
texts().catch(complain);
watchList((listId) => {
  whom = listId === null ? null : { list_id: listId };
  form.hidden = !whom;
  changed();
});
