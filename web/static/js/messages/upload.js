// A list of numbers or record numbers, pasted or from a file: sent in parts of whole lines, then told whom it means.
import { post } from "../api.js";
import { el, icon } from "../dom.js";
import { pasteLong } from "../editing.js";
import { t } from "../text.js";
import { number, PROBLEM } from "./batch_words.js";

const MOST = 4 * 1024 * 1024;
const PART = 96 * 1024; // Below what one request may hold.
const NEW_LINE = 10;
const form = document.getElementById("m-list");

// Whole lines: neither in UTF-8 nor in GBK is a new line a part of another character.
function* parts(bytes) {
  let begin = 0;
  while (begin < bytes.length) {
    let end = Math.min(bytes.length, begin + PART);
    if (end < bytes.length) {
      const line = bytes.lastIndexOf(NEW_LINE, end - 1);
      if (line >= begin) end = line + 1;
    }
    yield bytes.subarray(begin, end);
    begin = end;
  }
}

function base64(bytes) {
  let text = "";
  for (let begin = 0; begin < bytes.length; begin += 8192) text += String.fromCharCode(...bytes.subarray(begin, begin + 8192));
  return btoa(text);
}

async function upload(bytes, reading) {
  let taken = null;
  let place = 0;
  let sent = 0;
  for (const part of parts(bytes)) {
    reading.textContent = t("Read: {percent}%", { percent: Math.floor((100 * sent) / bytes.length) });
    taken = await post("/recipient-lists", { content: base64(part), place, list_id: taken?.id ?? null });
    place += 1;
    sent += part.length;
  }
  return taken;
}

function result(taken) {
  const some = taken.problems;
  return [
    el("p", { "data-list-count": taken.count }, icon("people"), " ", t("{lines} lines, {count} of them mean a patient.", { lines: number(taken.lines), count: number(taken.count) })),
    some.length ? el("details", { open: some.length <= 10 }, el("summary", {}, t("Lines that mean nobody: {count}", { count: number(taken.wrong) })),
      el("ul", { class: "many-out" }, some.map((one) => el("li", { "data-line": one.line }, t("Line {line}: {why}", { line: number(one.line), why: PROBLEM[one.why] ?? one.why }))),
        taken.wrong > some.length ? el("li", { class: "quiet" }, t("and {count} more", { count: number(taken.wrong - some.length) })) : null)) : null,
  ].filter(Boolean);
}

// `chosen` is called with the id of the list that was read, or null while there is none.
export function watchList(chosen) {
  if (!form) return;
  const lines = document.getElementById("m-lines");
  const file = document.getElementById("m-file");
  const problem = document.getElementById("m-list-problem");
  const reading = document.getElementById("m-reading");
  const shown = document.getElementById("m-list-result");
  const button = form.querySelector("[data-read]");
  const say = (words) => {
    problem.textContent = words;
    problem.hidden = !words;
  };
  pasteLong(lines);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    chosen(null);
    shown.replaceChildren();
    say("");
    const picked = file.files[0];
    if (picked ? picked.size > MOST : lines.value.length > MOST) return say(t("This list is too large: at most 4 MB. Divide it."));
    button.disabled = true;
    try {
      const bytes = picked ? new Uint8Array(await picked.arrayBuffer()) : new TextEncoder().encode(lines.value);
      if (!bytes.length) return say(t("Paste a list, or choose a file."));
      const taken = await upload(bytes, reading);
      shown.replaceChildren(...result(taken));
      chosen(taken.count ? taken.id : null);
    } catch (error) {
      say(Object.values(error.fields ?? {})[0] ?? error.message);
    } finally {
      reading.textContent = "";
      button.disabled = false;
    }
    return undefined;
  });
}
