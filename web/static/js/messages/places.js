// Placeholders by the names that people read. What is inserted, kept and sent stays between braces.
import { t } from "../text.js";

const PLACES = {
  __proto__: null,
  "patient.name": [t("patient name"), t("The patient's name")], "doctor.name": [t("doctor name"), t("The name of the patient's doctor")],
  department: [t("department"), t("The patient's department")], "sender.name": [t("sender name"), t("Your name")],
  hospital: [t("hospital name"), t("The hospital's name")], date: [t("date"), t("Today's date")],
};

export const placeName = (name) => (PLACES[name] ? `【${PLACES[name][0]}】` : `{${name}}`);
export const placeMeaning = (name) => PLACES[name]?.[1] ?? "";
// As the server reads it: full width and vertical forms of braces and names are the same, as Chinese input methods write them.
const BRACES = /[{｛﹛︷]([^{}｛｝﹛﹜︷︸]*)[}｝﹜︸]/g;
const plain = (name) => name.normalize("NFKC").replaceAll("。", ".").trim();

export const legible = (text) => text.replace(BRACES, (found, name) => (PLACES[plain(name)] ? placeName(plain(name)) : found));
export const namePlaceless = (name) => (/^[{}｛｝﹛﹜︷︸]$/.test(name) ? name : `{${name}}`);
