// The dial field with its pad: type, paste or press; Enter dials.
import { dial } from "../dial.js";
import { t } from "../text.js";
import { toast } from "../toast.js";

const form = document.getElementById("dial-form");

if (form) {
  const field = form.elements.number;
  const pad = form.querySelector("[data-pad]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = field.value.trim();
    if (!number) {
      toast(t("Type a number first."), { kind: "warn" });
      field.focus();
      return;
    }
    if (await dial(number)) {
      field.value = "";
      pad.removeAttribute("open");
      // What is typed from now on is for the call: H hangs up, digits are outcomes.
      document.getElementById("card").focus({ preventScroll: true });
    }
  });
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("[data-digit]");
    if (key) field.value += key.dataset.digit;
    if (event.target.closest("[data-erase]")) field.value = field.value.slice(0, -1);
  });
  field.addEventListener("keydown", (event) => event.key === "Escape" && field.blur());
}

export const focusDial = () => form?.elements.number.focus();
