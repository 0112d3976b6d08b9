// Who listens to a call, and the ways to do so oneself: heard by nobody, by the agent, or by both.
import { post } from "../api.js";
import { el, icon } from "../dom.js";
import { me, store } from "../live.js";
import { say, t } from "../text.js";
import { complain, toast } from "../toast.js";

const allowed = (document.getElementById("wallboard").dataset.listens ?? "").split(" ").filter(Boolean);
const WAYS = {
  listen: ["headphones", t("Listen in"), t("listening")],
  whisper: ["chat-left-dots", t("Whisper to the agent"), t("whispering")],
  barge: ["people-fill", t("Join the conversation"), t("speaking along")],
};

export const listenersOf = (call) => store.all("listeners").filter((one) => one.call_id === call.id && !one.ended_at)
  .sort((one, other) => one.id - other.id);

const canBeHeard = (call) => call.state === "talking" && call.agent?.id !== me
  && Boolean(store.get("lines", call.line.id)?.capabilities.includes("listen"));

export const waysTo = (call) => (canBeHeard(call) ? allowed : []);

async function command(call, what) {
  try {
    const begun = await post(`/calls/${call.id}/${what}`);
    if (begun) toast(t("Your telephone rings: lift it to hear the call."));
  } catch (error) {
    complain(error);
  }
}

const listener = (one) => el("span", { class: "badge-soft badge-info listener", "data-listener": one.id },
  icon(WAYS[one.mode][0]), el("span", {}, one.user.id === me ? t("You") : one.user.name),
  el("span", {}, one.heard_at ? WAYS[one.mode][2] : t("telephone rings")),
  el("span", { class: "number", "data-since": one.heard_at ?? one.started_at }));

export function listenCell(call) {
  const present = listenersOf(call);
  const mine = present.some((one) => one.user.id === me);
  const ways = mine ? [el("button", { type: "button", class: "btn btn-sm", "data-key": `stop-${call.id}`, "data-listen": "stop", onclick: () => command(call, "stop-listening") }, icon("stop-fill"), t("Stop"))]
    : waysTo(call).map((way) => el("button", {
      type: "button", class: "btn btn-sm btn-quiet btn-icon", "data-key": `${way}-${call.id}`, "data-listen": way, title: WAYS[way][1],
      "aria-label": t("{what}: the call of {name}", { what: WAYS[way][1], name: call.agent?.name ?? call.line.name }), onclick: () => command(call, way),
    }, icon(WAYS[way][0])));
  return el("td", { class: "wall-listen" }, present.map(listener), ways);
}

store.addEventListener("listeners", (event) => {
  const one = event.detail.data;
  if (one?.why && one.user.id === me) toast(t("Listening failed: {why}", { why: say(one.why_said, one.why) }), { kind: "bad" });
});
