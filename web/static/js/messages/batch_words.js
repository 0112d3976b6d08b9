// The words of sending to many: why somebody gets nothing, what the list of a person's own could not be read for.
import { t } from "../text.js";

export const WHY = {
  not_found: t("not found, or out of reach"), no_mobile: t("no number that takes texts"), duplicate: t("somebody before has the same number"),
  opted_out: t("has opted out"), do_not_contact: t("does not want to be contacted"), daily_cap: t("has today's share of messages"),
  too_late: t("it would be too late"), unfilled: t("a placeholder has no value"),
  unwritable: t("has characters that cannot be sent"), too_long: t("too long"),
};

export const PROBLEM = { unreadable: t("neither a mobile number nor a record number"), unknown: t("on no patient's record in your reach") };

export const STATE = { preparing: t("Preparing"), paused: t("Paused"), done: t("Created"), cancelled: t("Cancelled") };

export const HALT = {
  rights: t("The sender may no longer send it. Cancel it and send again to the rest."),
  refused: t("Its messages were refused one after the other. Look at the failed ones: continue once the text, the signature or the gateway is put right, or cancel it."),
  trouble: t("A part of it could not be written. Continue, or tell the administrator."),
};

const numbers = new Intl.NumberFormat(document.documentElement.lang || undefined);
export const number = (count) => numbers.format(count);
