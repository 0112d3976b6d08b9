// Placeholders by the names that people read. What is inserted, kept and sent stays between braces.
import { el } from "../dom.js";
import { t } from "../text.js";

const PLACES = {
  __proto__: null,
  "patient.name": [t("patient name"), t("The patient's name")], "doctor.name": [t("doctor name"), t("The name of the patient's doctor")],
  department: [t("department"), t("The patient's department")], "sender.name": [t("sender name"), t("Your name")],
  hospital: [t("hospital name"), t("The hospital's name")], date: [t("date"), t("Today's date")],
};

export const placeName = (name) => PLACES[name]?.[0] ?? name;
export const placeMeaning = (name) => PLACES[name]?.[1] ?? "";
// As the server reads it: full width and vertical forms of braces and names are the same, as Chinese input methods write them.
const BRACES = /[{｛﹛︷]([^{}｛｝﹛﹜︷︸]*)[}｝﹜︸]/g;
const plain = (name) => name.normalize("NFKC").replaceAll("。", ".").trim();

// A text as children of an element: its placeholders tinted, by their names.
export function placed(text) {
  let position = 0;
  const pieces = [];
  for (const found of text.matchAll(BRACES)) {
    const name = plain(found[1]);
    if (!PLACES[name]) continue;
    pieces.push(text.slice(position, found.index), el("span", { class: "place-name" }, placeName(name)));
    position = found.index + found[0].length;
  }
  return [...pieces, text.slice(position)];
}

// As many of its first characters as fit into a title; a placeholder is never cut.
export function placedStart(text, most) {
  let left = most;
  const pieces = [];
  for (const piece of placed(text)) {
    if (left <= 0) break;
    const length = (piece.textContent ?? piece).length;
    pieces.push(typeof piece === "string" ? piece.slice(0, left) : piece);
    left -= length;
  }
  return pieces;
}

// What is missing in a text that was previewed, in words; empty where nothing is.
export function missingWords({ unknown, empty, unpaired }) {
  if (unpaired) return t("The braces do not match: {sign} has no partner in “{around}”.", { sign: unknown[0], around: unpaired });
  if (unknown.length) return t("There is no placeholder {name}.", { name: `{${unknown[0]}}` });
  return empty.length ? t("Nothing is known for {names}. Fill it in by hand, or complete the patient's record.", { names: empty.map((name) => `{${name}}`).join(" ") }) : "";
}
