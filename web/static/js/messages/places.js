// Placeholders by the names that people read. What is inserted, kept and sent stays between braces.
import { t } from "../text.js";

const PLACES = {
  "patient.name": [t("patient name"), t("The patient's name")], "doctor.name": [t("doctor name"), t("The name of the patient's doctor")],
  department: [t("department"), t("The patient's department")], "sender.name": [t("sender name"), t("Your name")],
  hospital: [t("hospital name"), t("The hospital's name")], date: [t("date"), t("Today's date")],
};

export const placeName = (name) => (PLACES[name] ? `【${PLACES[name][0]}】` : `{${name}}`);
export const placeMeaning = (name) => PLACES[name]?.[1] ?? "";
export const legible = (text) => text.replace(/\{([^{}]*)\}/g, (found, name) => (PLACES[name.trim()] ? placeName(name.trim()) : found));
