// Every page: the live connection and its banner, the call chip, menus, language and light or dark.
import "./alarms.js";
import "./dial.js";
import "./filters.js";
import "./focus.js";
import "./forms.js";
import "./press.js";
import "./rail.js";
import "./refusal.js";
import "./sms.js";
import "./times.js";
import { away } from "./api.js";
import { el, mark, refresh } from "./dom.js";
import { handles, me, socket, store } from "./live.js";
import { renew } from "./renewal.js";
import { t } from "./text.js";
import { complain, forgetAway } from "./toast.js";
import { whoOf } from "./words.js";

const PATIENCE = 2000; // A blink of the network is not worth a banner.
const WORDS = {
  connecting: t("Connecting"), live: t("Live"), down: t("Not live"), "signed-out": t("Signed out"),
};

const lamp = document.getElementById("live");
const banner = document.getElementById("not-live");
let pending = null;

function showConnection(state) {
  lamp.dataset.state = state;
  lamp.title = WORDS[state];
  lamp.querySelector("[data-live-text]").textContent = WORDS[state];
  lamp.querySelector(".mark").className = `mark mark-${state === "signed-out" ? "down" : state}`;
  document.documentElement.dataset.live = state;
  clearTimeout(pending);
  if (state === "live") banner.hidden = true;
  else pending = setTimeout(() => (banner.hidden = false), PATIENCE);
}

const MOMENT = 800; // Another tab may be signing in anew: its cookie arrives after our session was ended.
let leaving = false; // Several notice that the session is over; the page is left once.

function toSignIn() {
  if (leaving) return;
  leaving = true;
  setTimeout(() => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`), MOMENT);
}

socket.addEventListener("state", (event) => {
  showConnection(event.detail);
  if (event.detail === "signed-out") toSignIn();
});
socket.whenReady(forgetAway);
socket.addEventListener("rights", renew);
document.addEventListener("huifang:signed-out", toSignIn);
banner.querySelector("[data-reconnect]").addEventListener("click", () => socket.reconnectNow());
window.addEventListener("online", () => socket.reconnectNow());
document.addEventListener("visibilitychange", () => document.hidden || socket.reconnectNow());
showConnection("connecting");

// A call that concerns me, on any page but the console itself.
const chip = document.getElementById("call-chip");
function showChip() {
  if (!handles || document.getElementById("console")) return;
  const calls = store.all("calls").filter((call) => call.state !== "ended");
  const mine = calls.find((call) => call.agent?.id === me)
    ?? calls.find((call) => call.state === "ringing" && !call.agent && call.offered_to.includes(me));
  chip.hidden = !mine;
  if (!mine) return;
  chip.dataset.state = mine.state;
  const rings = mine.state === "ringing" && mine.direction === "in";
  // It is read aloud: once, and not again with every event.
  refresh(chip, [mine.id, mine.state, rings, whoOf(mine)], () => [
    mark(mine.state), el("span", {}, rings ? t("Incoming call: {who}", { who: whoOf(mine) }) : whoOf(mine)),
    rings ? el("strong", {}, t("Open the console")) : null,
  ]);
}
store.addEventListener("calls", showChip);

for (const menu of document.querySelectorAll("[data-menu]")) {
  document.addEventListener("click", (event) => event.target.closest("[data-menu]") === menu || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
}

const themes = document.querySelector("[data-theme-choice]");
function showTheme() {
  for (const button of themes.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === document.documentElement.dataset.themeChosen));
  }
}
themes.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  localStorage.setItem("huifang.theme", button.value);
  document.dispatchEvent(new Event("huifang:theme"));
  showTheme();
});
showTheme();

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) toSignIn();
  else complain(new Error(t("The server answered {status}.", { status: event.detail.xhr.status })));
});
document.addEventListener("htmx:sendError", () => complain(away()));

// Modules that listen are loaded by now or will read the store when they are.
void socket.open();
