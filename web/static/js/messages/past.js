// A time that has passed means now to the server; to whoever typed it, it was a slip.
import { now } from "../clock.js";
import { fromLocalField } from "../format.js";
import { t } from "../text.js";

const SLACK = 60000; // The field has no seconds.

// What to say of a time of sending, empty where there is nothing to say.
export const whatIsPast = (field) => (field && Date.parse(fromLocalField(field)) < now() - SLACK ? t("This time has passed. Choose one that is to come, or send now.") : "");
