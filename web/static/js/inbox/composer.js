// The reply box: what is typed, what will be read, in how many parts and at what cost; now or later; once.
import { post } from "../api.js";
import { now } from "../clock.js";
import { putInto } from "../editing.js";
import { exact, fromLocalField, relative, toLocalField } from "../format.js";
import { cautionWords } from "../messages/cautions.js";
import { missingWords } from "../messages/places.js";
import { whatIsPast } from "../messages/past.js";
import { gatewayWords, money, reasonWord, unableWords } from "../sms.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { desk, may } from "./desk.js";
import { draftOf, forget, fresh, keep } from "./draft.js";
import { heard } from "./thread.js";

const ASK_AFTER = 250;
const form = document.getElementById("composer");
const field = document.getElementById("reply");
const at = document.getElementById("reply-at");
const purpose = document.getElementById("reply-purpose");
const part = (name) => form.querySelector(`[data-${name}]`);

let about = null; // whose draft the field holds
let draft = null;
let asking = null;
let asked = 0;
let shown = null; // the last preview
let sending = false;

const target = () => (desk.talk ? { conversation_id: desk.talk.id } : { patient_id: desk.to.id, number: desk.to.number ?? "", purpose: purpose.value });
const aboutNow = () => (desk.talk ? `talk-${desk.talk.id}` : desk.to ? `patient-${desk.to.id}` : null);

function fill() {
  if (!form) return;
  const next = aboutNow();
  const allowed = desk.talk ? may.reply : Boolean(desk.to) && may.send;
  form.hidden = !next || !allowed;
  if (next === about) return;
  about = next;
  shown = null;
  if (!about) return;
  draft = draftOf(about);
  field.value = draft.text;
  at.value = draft.at;
  purpose.value = draft.purpose;
  showWhen(Boolean(draft.at));
  part("purpose").hidden = Boolean(desk.talk);
  problem("");
  grow();
  say();
  if (draft.text) void askNow();
  if (!desk.stepping && !matchMedia("(max-width: 900px)").matches && !form.hidden) field.focus({ preventScroll: true });
}

function showWhen(yes) {
  part("when").hidden = !yes;
  part("later").setAttribute("aria-expanded", String(yes));
}

function grow() {
  field.style.height = "";
  field.style.height = `${Math.min(field.scrollHeight + 2, 220)}px`;
}

function problem(text) {
  part("problem").textContent = text;
  part("problem").hidden = !text;
}

function typed() {
  const template = field.value.trim() ? draft.template ?? null : null;
  draft = { ...draft, text: field.value, at: at.value, purpose: purpose.value, template };
  keep(about, draft);
  problem("");
  grow();
  say();
  clearTimeout(asking);
  asking = setTimeout(askNow, ASK_AFTER);
}

async function askNow() {
  const mine = (asked += 1);
  const [whose, text] = [about, field.value];
  if (!text.trim()) {
    shown = null;
    say();
    return;
  }
  try {
    const found = await post("/message-preview", { text, at: fromLocalField(at.value), ...target() });
    if (mine !== asked || whose !== about) return;
    shown = found;
    say();
  } catch (error) {
    if (mine !== asked || error.status !== 422) return;
    shown = null; // It was said of another text.
    say();
    problem(Object.values(error.fields)[0] ?? error.message);
  }
}

const missing = () => missingWords(shown.missing);

function goes() {
  // The time that was chosen need not be said again, nor what no gateway can send.
  if (shown.goes === "now" || ["not_before", "unwritable", "too_long"].includes(shown.reason)) return "";
  const why = reasonWord(shown.reason);
  return shown.goes === "never" ? t("It would not be sent: {why}.", { why }) : t("It will be sent {time}: {why}.", { why, time: exact(shown.goes_at) });
}

function say() {
  const text = field.value.trim();
  const count = part("count");
  const ready = Boolean(text) && !sending;
  part("send").disabled = !ready;
  part("send-label").textContent = at.value ? t("Send later") : t("Send");
  const filled = part("filled");
  // What the server has refused stands below the box already, with what is wrong in it.
  const gap = shown && text && part("problem").hidden ? missing() : "";
  const words = shown && text ? [gap, goes(), ...unableWords(shown), ...cautionWords(shown.warnings.filter((one) => one !== "opted_out"))].filter(Boolean) : [];
  const changed = shown && text && !missing() && shown.text.trim() !== text;
  filled.hidden = !words.length && !changed;
  filled.dataset.kind = shown && (gap || shown.goes === "never") ? "bad" : words.length ? "warn" : "";
  filled.textContent = [...words, changed ? t("Read as: {text}", { text: shown.text }) : ""].filter(Boolean).join("\n");
  count.textContent = shown && text ? t("{characters} characters · {parts} SMS · {cost}", { characters: shown.characters, parts: shown.parts, cost: money(shown.cost) }) : "";
  count.title = gatewayWords(shown);
}

// The number has a conversation that is somebody else's: what was written went there all the same.
function elsewhere() {
  desk.close();
  toast(t("It is sent. The conversation with this number is somebody else's."), { kind: "good" });
}

// What was typed while `text` was on its way is the next message of the conversation `id`, in which it stands now.
function sent(whose, text, id) {
  const typedOn = draftOf(whose).text;
  const rest = typedOn.startsWith(text) ? typedOn.slice(text.length) : typedOn;
  const next = `talk-${id}`;
  forget(whose);
  if (rest && !draftOf(next).text) keep(next, { ...draftOf(next), text: rest });
  if (whose !== about) return;
  about = null;
  fill();
}

async function send() {
  if (sending || !field.value.trim()) return;
  const late = whatIsPast(at.value);
  if (late) {
    problem(late);
    return;
  }
  sending = true;
  say();
  const [whose, talk, body] = [about, desk.talk, { text: field.value, key: draft.key, at: fromLocalField(at.value), template_id: draft.template ?? null }];
  try {
    const message = talk ? await post(`/conversations/${talk.id}/reply`, body) : await post("/messages", { ...body, ...target() });
    const stayed = whose === about;
    sent(whose, body.text, message.conversation_id);
    if (talk) heard(message);
    // Whoever went on to another conversation stays there: the next words are for that one.
    else if (stayed) await desk.show(message.conversation_id, null, elsewhere);
    if (message.next_at && Date.parse(message.next_at) > now() + 1000) toast(t("It will be sent {time}.", { time: relative(message.next_at) }), { kind: "good" });
    if (message.state === "suppressed") toast(t("It was not sent: {why}.", { why: reasonWord(message.reason) }), { kind: "warn" });
  } catch (error) {
    // The draft and its key stay: sent again, it goes once, whatever became of the first time.
    problem(Object.values(error.fields ?? {})[0] ?? error.message);
    // Another text went with this key: who sends this one too, now that it is known, means a second message.
    if (error.body?.details?.message_id && whose === about) {
      draft = { ...draft, key: fresh() };
      keep(about, draft);
    }
  } finally {
    sending = false;
    say();
  }
}

export function insert(text, { whole = false } = {}) {
  putInto(field, text, { whole: whole && !field.value.trim() });
}

export const focusReply = () => form && !form.hidden && field.focus();

// A template as it will be read by this patient; what is not known stays to be filled in by hand.
export async function insertTemplate(template) {
  if (!desk.talk) {
    purpose.value = template.purpose === "reply" ? "care" : template.purpose;
  }
  const whose = about;
  const filled = await post("/message-preview", { text: template.text, ...target() }).then((found) => found.text, () => template.text);
  if (whose !== about) return;
  draft = { ...draft, template: template.id };
  insert(filled, { whole: true });
}

if (form) {
  field.addEventListener("input", typed);
  at.addEventListener("input", typed);
  purpose.addEventListener("change", typed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void send();
    } else if (event.key === "Escape") {
      event.stopPropagation(); // Out of the box; the next one closes the conversation.
      field.blur();
    }
  });
  part("later").addEventListener("click", () => {
    const hidden = part("when").hidden;
    showWhen(hidden);
    at.value = hidden ? toLocalField(new Date(now() + 3600000).toISOString()) : "";
    typed();
    if (hidden) at.focus();
  });
  part("now").addEventListener("click", () => {
    showWhen(false);
    at.value = "";
    typed();
    field.focus();
  });
  window.addEventListener("beforeunload", () => about && keep(about, draft));
}
desk.addEventListener("talk", fill);
