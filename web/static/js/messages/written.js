// The forms of texts that are kept: chips put placeholders in; what a patient would read is shown while one writes, and what it costs.
import { post } from "../api.js";
import { el, icon } from "../dom.js";
import { putInto } from "../editing.js";
import { gatewayWords, money, unableWords } from "../sms.js";
import { t } from "../text.js";
import { cautionWords, notices } from "./cautions.js";
import { missingWords } from "./places.js";

const ASK_AFTER = 300;

// What the form was refused for stands at the field already.
function parts(found, refused) {
  const missing = missingWords(found.missing);
  const fault = refused ? null : el("p", { class: "notice notice-bad", "data-missing": true }, icon("exclamation-circle"), el("span", {}, missing));
  const figures = found.gateway ? t("{characters} characters · {parts} SMS · {cost}", { ...found, cost: money(found.cost) }) : t("{characters} characters · {parts} SMS", found);
  return [
    el("p", { class: "quiet small", "data-figures": found.parts, title: gatewayWords(found) || null }, figures),
    missing ? fault : el("div", {}, el("div", { class: "quiet small" }, t("What a patient reads, with an invented name")), el("p", { class: "many-sample" }, found.text.startsWith(found.signature) ? found.text : found.signature + found.text)),
    ...notices([...unableWords(found), ...cautionWords(found.warnings)]),
  ].filter(Boolean);
}

function watch(place) {
  const field = document.getElementById(place.dataset.of);
  const purpose = field.form.elements.purpose;
  let refused = document.getElementById(field.getAttribute("aria-describedby")).querySelector(".field-error");
  let waiting = null;
  let asked = 0;

  async function look() {
    const mine = (asked += 1);
    const text = field.value;
    if (!text.trim()) {
      place.hidden = true;
      return;
    }
    try {
      const found = await post(place.dataset.example, { text, ...(purpose?.value ? { purpose: purpose.value } : {}) });
      if (mine !== asked) return;
      place.replaceChildren(...parts(found, refused));
    } catch (error) {
      if (mine !== asked) return;
      place.replaceChildren(el("p", { class: "quiet small" }, Object.values(error.fields ?? {})[0] ?? error.message));
    }
    place.hidden = false;
  }

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, ASK_AFTER);
  };
  field.addEventListener("input", () => {
    // It was said of another text.
    refused?.remove();
    refused = null;
    field.removeAttribute("aria-invalid");
    soon();
  });
  purpose?.addEventListener("change", soon);
  void look();
}

for (const chip of document.querySelectorAll("[data-insert]")) chip.addEventListener("click", () => putInto(document.getElementById(chip.dataset.into), chip.dataset.insert));
for (const place of document.querySelectorAll("[data-example]")) watch(place);
