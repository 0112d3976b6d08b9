// Calls of the JSON API. A refusal becomes a Problem whose message is fit for the person who asked.
import { learn } from "./clock.js";
import { t } from "./text.js";

// In milliseconds: an answer that has not come by then, to what is asked again and again, does not come.
export const LONGEST = 30000;
// In milliseconds: after this, what could not be had is asked for again.
export const TRY_AGAIN = 5000;

let csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";

// The same person has signed in anew, in another tab: what this page still has to save goes with the new session.
export function useToken(token) {
  csrf = token;
}

class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || t("The server answered {status}.", { status }));
    this.status = status;
    this.code = body.code || "";
    this.fields = body.fields || {};
    this.body = body;
  }
}

// What a call ends with that nobody answered.
export const away = () => new Problem(0, { detail: t("The server cannot be reached. Nothing was lost; try again.") });

async function read(response) {
  if (response.status === 204) return null;
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export async function call(method, path, body, options = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = Date.now();
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin", ...options,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw away();
  }
  learn(response.headers.get("Date") ?? "", sent);
  if (response.status === 401) {
    document.dispatchEvent(new CustomEvent("huifang:signed-out"));
  }
  const answer = await read(response);
  if (!response.ok) throw new Problem(response.status, answer ?? {});
  return answer;
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}, options) => call("POST", path, body, options);
