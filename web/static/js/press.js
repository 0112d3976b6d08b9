// A click is a press and a release. Where what was pressed is drawn anew in between, because news came, browsers make no
// click of it, and it was lost. Here it is one, if the pointer is let go over the same thing: the one with the same name.
let pressed = null; // what the press began on

const named = (target) => target.closest?.("[data-key]") ?? null;

// A touch is a click where it ends, whatever was there before.
addEventListener("pointerdown", ({ target, pointerType, button }) => {
  pressed = pointerType === "mouse" && !button ? named(target) : null;
}, true);

addEventListener("pointerup", ({ target, button }) => {
  if (button) return;
  const [before, now] = [pressed, named(target)];
  pressed = null;
  if (before && !before.isConnected && now?.dataset.key === before.dataset.key) now.click();
}, true);
