// Left: texts that nobody has read, mine and those that nobody has; the longest waiting first. A click opens the conversation.
import { el, icon, refresh } from "../dom.js";
import { store } from "../live.js";
import { countWord, stopBadge, talkName, unreadTalks } from "../sms.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { nothing } from "./work.js";

const SHOWN = 30;
const box = document.getElementById("unread-texts");
const count = document.querySelector("[data-count=texts]");

const line = (talk) => el("li", { class: "work-item", "data-talk": talk.id },
  el("a", { class: "work-button work-text", href: `/inbox?c=${talk.id}`, "data-key": `talk-${talk.id}` },
    el("span", { class: "work-who" }, el("span", { class: "cut" }, talkName(talk)),
      el("span", { class: "work-when" }, stopBadge(talk), el("time", { datetime: talk.waiting_since ?? talk.last_at }))),
    icon("chevron-right")),
  el("div", { class: "work-about quiet small cut", title: talk.last_text }, talk.last_text));

function show() {
  if (!store.has("conversations")) return;
  const talks = unreadTalks();
  count.textContent = countWord(talks.length);
  refresh(box, talks.map((talk) => [talk.id, talk.version]), () => (talks.length
    ? el("ul", { class: "work-list" }, talks.slice(0, SHOWN).map(line))
    : nothing("chat-dots", t("All read"), t("SMS from patients appear here."))));
  writeTimes(box);
}

if (box) {
  store.addEventListener("conversations", show);
  show();
}
