// What whoever writes should think about, in words.
import { el, icon } from "../dom.js";
import { t } from "../text.js";

const CAUTIONS = {
  department: t("It names a department: whoever sees the phone learns what the patient is treated for."),
  revealing: t("It has a word that tells a diagnosis to whoever sees the phone."),
  opted_out: t("The number wants no such messages: it would not be sent."),
};

export const cautionWords = (codes) => codes.map((one) => CAUTIONS[one] ?? one);

// Each sentence as a notice of its own.
export const notices = (words) => words.map((one) => el("p", { class: "notice notice-warn" }, icon("exclamation-triangle"), el("span", {}, one)));
