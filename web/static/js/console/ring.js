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
  audio ??= new AudioContext();
  // Browsers keep silent until the person has touched the page once.
  if (audio.state === "suspended") audio.resume().catch(() => {});
  if (audio.state !== "running") return;
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
document.addEventListener("pointerdown", () => audio?.state === "suspended" && audio.resume(), { passive: true });
desk.addEventListener("change", update);
showButton();
update();
