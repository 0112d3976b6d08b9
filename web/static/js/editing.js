// Text that a script puts into a field, so that Ctrl+Z takes it back as it takes back what was typed.

// Where the cursor is, or instead of all that stands there.
export function putInto(field, written, { whole = false } = {}) {
  field.focus();
  if (whole) field.select();
  // Whatever else changes a field makes the browser forget what can be undone. It tells of the input by itself.
  if (document.execCommand("insertText", false, written)) return;
  field.setRangeText(written, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Typed in by the browser's editor, each line costs as much as all before it: minutes for a list of many thousand. From
// so many characters on, what is pasted goes in at once, and the keys that undo and redo find here what was there before.
const LONG = 20_000;

export function pasteLong(field) {
  let past = [];
  let future = [];
  const state = () => ({ value: field.value, start: field.selectionStart, end: field.selectionEnd });
  const put = ({ value, start, end }) => {
    field.value = value;
    field.setSelectionRange(start, end);
  };

  field.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (pasted.length < LONG) return;
    event.preventDefault();
    const before = state();
    field.setRangeText(pasted, before.start, before.end, "end");
    past = [...past, { before, after: state() }];
    future = [];
  });
  field.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const undo = key === "z" && !event.shiftKey;
    const redo = key === "y" || (key === "z" && event.shiftKey);
    const step = undo ? past.at(-1) : redo ? future.at(-1) : null;
    // What was typed since is the browser's to undo first.
    if (!step || field.value !== (undo ? step.after : step.before).value) return;
    event.preventDefault();
    put(undo ? step.before : step.after);
    if (undo) [past, future] = [past.slice(0, -1), [...future, step]];
    else [past, future] = [[...past, step], future.slice(0, -1)];
  });
}
