// What can come of a call, as the hospital has set it up; the wrap-up pane's digits come from here.
import { get } from "../api.js";

export const outcomes = (await get("/outcomes")).items;

const byCode = new Map(outcomes.map((outcome) => [outcome.code, outcome]));

export const outcomeByCode = (code) => byCode.get(code);
export const outcomeByKey = (key) => outcomes.find((outcome) => outcome.key === key);
