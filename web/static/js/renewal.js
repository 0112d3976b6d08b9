// The person's rights changed while this page was open: it is loaded anew, but not over what somebody is typing.
import { LONGEST } from "./api.js";
import { everySecond } from "./clock.js";
import { typing } from "./dom.js";
import { unsaved } from "./forms.js";
import { t } from "./text.js";
import { toast } from "./toast.js";

let due = false;
let leaving = -Infinity; // when it was asked for; asked for again, it would be waited for from the beginning

const free = () => !typing() && !unsaved() && !document.querySelector("dialog[open]");

function renewWhenFree() {
  if (performance.now() - leaving < LONGEST || !free()) return;
  leaving = performance.now();
  location.reload();
}

export function renew() {
  if (due) return;
  due = true;
  if (!free()) {
    toast(t("Your rights have changed. The page renews itself when you have finished typing."),
      { kind: "warn", seconds: 0, link: { href: location.href, label: t("Renew now") } });
  }
  renewWhenFree();
  everySecond(renewWhenFree);
}
