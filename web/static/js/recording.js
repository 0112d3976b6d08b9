// The recording on a call's page: seeking by keyboard, the same in every browser, and deleting.
import { call } from "./api.js";
import { ask } from "./ask.js";
import { t } from "./text.js";
import { complain } from "./toast.js";

const STEP = 5;
const audio = document.querySelector("#recording audio");

const keys = {
  ArrowLeft: () => audio.currentTime - STEP,
  ArrowRight: () => audio.currentTime + STEP,
  Home: () => 0,
  End: () => audio.duration,
};

// Before the browser's own controls, which do not agree on what the keys mean.
audio?.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " ") {
    event.preventDefault();
    if (audio.paused) audio.play();
    else audio.pause();
  } else if (keys[event.key] && Number.isFinite(audio.duration)) {
    event.preventDefault();
    audio.currentTime = Math.min(Math.max(0, keys[event.key]()), audio.duration);
  }
}, true);

audio?.addEventListener("error", () => complain(new Error(t("The recording cannot be played."))));

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-delete-recording]");
  if (!button) return;
  const sure = await ask(t("Delete this recording for good?"), { choices: [["yes", t("Yes, nobody needs it any more")]], action: t("Delete") });
  if (sure === null) return;
  button.disabled = true;
  try {
    await call("DELETE", `/calls/${button.dataset.deleteRecording}/recording`);
    location.reload();
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
});
