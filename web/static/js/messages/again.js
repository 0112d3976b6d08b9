// Sending the text of a message once more: what that means is said before, and depends on what is known of it.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { t } from "../text.js";

const DOUBT = t("Nobody knows whether this message arrived: the gateway gave no clear answer. If it did arrive, the patient gets it twice.");
const FAILED = t("It did not arrive. The same text is sent to the same number once more, as a new message.");
const NOT_SENT = t("It was not sent. The same text is queued once more, as a new message, and the rules of now decide whether and when it goes.");
const ABOUT = { unknown: DOUBT, failed: FAILED };

// The new message, or null when it was thought better of. Throws what the server refuses.
export async function sendAgain({ id, state }) {
  if (!await ask(t("Send this message again?"), { about: ABOUT[state] ?? NOT_SENT, action: t("Send again") })) return null;
  return post(`/messages/${id}/resend`, { confirmed: state === "unknown" });
}
