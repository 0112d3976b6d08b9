// A click is a press and a release. Where what was pressed is drawn anew in between, because news came, browsers make no
// click of it, and it was lost. Here it is one: on what has the same name now, if the pointer is let go over it; and what
// has no name does what it said when it was pressed, if the pointer has not moved away.
const PRESSED = "button, a[href], [data-key]";
const STILL = 8; // pixels: as far as a hand trembles

let pressed = null; // { on, x, y }: what the press began on, and where

const under = (target) => target.closest?.(PRESSED) ?? null;
const nameOf = (one) => one?.dataset.key || one?.id || "";

// A touch is a click where it ends, whatever was there before.
addEventListener("pointerdown", ({ target, pointerType, button, clientX: x, clientY: y }) => {
  const on = pointerType === "mouse" && !button ? under(target) : null;
  pressed = on && { on, x, y };
}, true);

addEventListener("pointerup", ({ target, button, clientX, clientY }) => {
  if (button || !pressed) return;
  const { on, x, y } = pressed;
  pressed = null;
  if (on.isConnected) return;
  const name = nameOf(on);
  const now = under(target);
  if (name) {
    if (nameOf(now) === name) now.click();
  } else if (Math.hypot(clientX - x, clientY - y) <= STILL) on.click();
}, true);
