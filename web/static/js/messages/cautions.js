// What whoever writes should think about, in words.
import { t } from "../text.js";

export const CAUTIONS = {
  department: t("It names a department: whoever sees the phone learns what the patient is treated for."),
  revealing: t("It has a word that tells a diagnosis to whoever sees the phone."),
  opted_out: t("The number wants no such messages: it would not be sent."),
};
