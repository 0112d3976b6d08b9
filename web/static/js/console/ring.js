// Sound and a blinking title while a call waits for me. The sound can be switched off and stays so.
import { me, store } from "../live.js";
import { t } from "../text.js";
import { whoOf } from "../words.js";
import { desk } from "./desk.js";

const KEPT = "huifang.sound";
const PITCH = 450; // Hertz, the ringing tone people here know
const CYCLE = 4000;

const button = document.getElementById("sound");
const title = document.title;
let on = localStorage.getItem(KEPT) !== "off";
let audio = null;
let timer = null;
let blink = null;

function showButton() {
  button.setAttribute("aria-pressed", String(on));
  button.querySelector(".bi").className = `bi bi-${on ? "volume-up" : "volume-mute"}`;
  button.title = on ? t("Ringing sound is on") : t("Ringing sound is off");
}

function tone(start, length) {
  const source = audio.createOscillator();
  const gain = audio.createGain();
  source.frequency.value = PITCH;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.12, start + 0.04);
  gain.gain.setValueAtTime(0.12, start + length - 0.08);
  gain.gain.linearRampToValueAtTime(0, start + length);
  source.connect(gain).connect(audio.destination);
  source.start(start);
  source.stop(start + length);
}

function play() {
  if (!on) return;
  // Browsers keep silent until the person has touched the page once; the button then says so.
  const allowed = navigator.userActivation?.hasBeenActive ?? true;
  button.classList.toggle("is-silent", !allowed);
  if (!allowed) {
    button.title = t("Click anywhere on this page once, so that it may ring aloud");
    return;
  }
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
  tone(audio.currentTime, 0.5);
  tone(audio.currentTime + 0.6, 0.5);
}

function update() {
  const calls = desk.ringing.concat(store.all("calls").filter((call) => call.state === "ringing" && call.agent?.id === me));
  if (calls.length && !timer) {
    play();
    timer = setInterval(play, CYCLE);
  } else if (!calls.length && timer) {
    clearInterval(timer);
    timer = null;
  }
  clearInterval(blink);
  document.title = title;
  if (!calls.length) return;
  const words = `▲ ${whoOf(calls[0])}`;
  document.title = words;
  blink = setInterval(() => (document.title = document.title === title ? words : title), 1000);
}

export function toggleSound() {
  on = !on;
  localStorage.setItem(KEPT, on ? "on" : "off");
  showButton();
}

button.addEventListener("click", toggleSound);
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    if (!button.classList.contains("is-silent")) return;
    button.classList.remove("is-silent");
    showButton();
    if (timer) play();
  });
}
desk.addEventListener("change", update);
showButton();
update();
