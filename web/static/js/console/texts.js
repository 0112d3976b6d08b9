// Left: conversations in which a patient waits for my answer or anybody's; the longest waiting first. A click opens one.
import { el, icon, refresh } from "../dom.js";
import { store } from "../live.js";
import { WAITING, countWord, isMine, lostBadge, stopBadge, talkName, waitingTalks } from "../sms.js";
import { t } from "../text.js";
import { writeTimes } from "../times.js";
import { nothing } from "./work.js";

const SHOWN = 30;
const box = document.getElementById("waiting-texts");
const count = document.querySelector("[data-count=texts]");

const line = (talk) => el("li", { class: "work-item", "data-talk": talk.id },
  el("a", { class: "work-button work-text", href: `/inbox?c=${talk.id}`, "data-key": `talk-${talk.id}` },
    el("span", { class: "work-who" }, el("span", { class: "cut" }, talkName(talk)),
      el("span", { class: "work-when" }, stopBadge(talk), el("time", { datetime: talk.waiting_since }))),
    icon("chevron-right")),
  el("div", { class: "work-about quiet small cut", title: talk.last_text }, lostBadge(talk), talk.lost_answer ? " " : null, talk.last_text));

function show() {
  if (!store.has("conversations")) return;
  const talks = waitingTalks().filter(isMine);
  count.textContent = countWord(talks.length);
  refresh(box, talks.map((talk) => [talk.id, talk.version]), () => (talks.length
    ? el("ul", { class: "work-list" }, talks.slice(0, SHOWN).map(line))
    : nothing("chat-dots", t("All answered"), t("SMS from patients appear here until they are answered."))));
  writeTimes(box);
}

if (box) {
  count.title = [WAITING, t("Yours, and those that nobody has.")].join(" ");
  store.addEventListener("conversations", show);
  show();
}
