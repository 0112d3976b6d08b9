// The words for states and endings, the same on every page.
import { locale, say, t } from "./text.js";

const LINE = {
  idle: t("Idle"), ringing: t("Ringing"), dialling: t("Dialling"), talking: t("In conversation"),
  lost: t("Line lost"), out_of_service: t("Out of service"),
};

const AGENT = {
  offline: t("Offline"), available: t("Available"), ringing: t("Ringing"), talking: t("In conversation"),
  wrap_up: t("Wrap-up"), away: t("Away"),
};

const CALL = {
  ringing: t("Ringing"), dialling: t("Dialling"), talking: t("In conversation"), ended: t("Ended"),
};

const END = {
  hung_up: t("Hung up here"), far_end: t("The other side hung up"), abandoned: t("Caller gave up"),
  elsewhere: t("Answered at another telephone"), handset: t("Ended at the handset"), transferred: t("Transferred"), busy: t("Busy"),
  no_answer: t("No answer"), no_dial_tone: t("No dial tone"), failed: t("The line could not dial"),
  unknown: t("End not seen"),
};

const ABSENT = { private: t("Number withheld"), unavailable: t("Number not available") };

// Why a ringing call is on this page.
const WHY = {
  bound: t("It is your line"), last_agent: t("You talked with this patient last"), longest_idle: t("You have been free the longest"),
  round_robin: t("It is your turn"), group: t("Rings for your whole group"), untaken: t("Not taken yet"),
};
const PRIORITY = { vip: t("VIP"), complaint: t("Open complaint") };

// Sayings are parts of sentences, and here each stands alone; what a person has typed stays as it is.
function alone(said, text) {
  const words = say(said, text);
  return said ? words.charAt(0).toLocaleUpperCase(locale) + words.slice(1) : words;
}

export const lineReason = (line) => alone(line.reason_said, line.reason);
export const lineNote = (line) => alone(line.note_said, line.note);

export const absentWord = (absent) => ABSENT[absent] ?? "";
export const lineWord = (state) => LINE[state] ?? state;
export const agentWord = (state) => AGENT[state] ?? state;
// The state with what the agent gave as its reason; that the pages are gone is not said by the agent.
export function agentNow(agent) {
  if (agent.reason === "disconnected") return t("Offline (page closed)");
  return agent.reason ? t("{what}: {why}", { what: agentWord(agent.state), why: agent.reason }) : agentWord(agent.state);
}
export const callWord = (state) => CALL[state] ?? state;
// Whom the agent consults or has in a conference, by name where it is an agent.
export const thirdOf = (call) => call.third?.agent?.name || call.third?.number_formatted || t("somebody else");

// What a conversation is like; a third party and a hold count more than that somebody speaks.
export function talkWord(call) {
  const words = { held: t("On hold"), calling: t("Calling {who}", { who: thirdOf(call) }), consulting: t("Consulting {who}", { who: thirdOf(call) }), conference: t("Three-way call") };
  return (call.state === "talking" && words[call.parties]) || callWord(call.state);
}
export const talkSince = (call) => (call.parties && call.state === "talking" ? call.parties_at : { ringing: call.started_at, dialling: call.started_at, talking: call.answered_at }[call.state]);

export const endWord = (reason) => END[reason] ?? "";
export const whyWord = (call) => WHY[call.offer_why] ?? "";
export const prioritiesOf = (call) => (call.priority ?? []).map((name) => PRIORITY[name] ?? name);
const sexWord = (sex) => ({ male: t("male"), female: t("female") })[sex] ?? "";
export const tierWord = (tier) => ({ silver: t("Silver"), gold: t("Gold"), platinum: t("Platinum") })[tier] ?? tier;
export const regionOf = (call) => (locale.startsWith("zh") ? call.region : call.region_en) ?? "";
export const outcomeLabel = (outcome) => (locale.startsWith("zh") ? outcome.label_zh : outcome.label_en);

// Caller id comes after the first ring, or before it, or never: until somebody answers it may still come.
export const awaitsNumber = (call) => call.state === "ringing" && !call.number && !call.number_absent;

export function numberOf(call) {
  const none = awaitsNumber(call) ? t("No number yet") : t("No number");
  return call.number_formatted || call.number || ABSENT[call.number_absent] || none;
}

// Lines are often named by a bare number.
export const lineName = (name) => (/^\d+$/.test(name) ? t("Line {name}", { name }) : name);

export const whoOf = (call) => call.patient?.name || numberOf(call);

function ageOf(birthDate, today) {
  if (!birthDate) return null;
  const [year, month, day] = birthDate.split("-").map(Number);
  const before = today.getMonth() + 1 < month || (today.getMonth() + 1 === month && today.getDate() < day);
  return today.getFullYear() - year - (before ? 1 : 0);
}

// "female · 63 years · 100023"
export function aboutPatient(patient) {
  const age = patient.age ?? ageOf(patient.birth_date, new Date());
  return [sexWord(patient.sex), age === null ? "" : t("{age} years", { age }), patient.record_number].filter(Boolean).join(" · ");
}
