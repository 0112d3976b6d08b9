// The one socket and the one store of a page, shared by whatever modules it loads.
import { askSession } from "./session.js";
import { LiveSocket } from "./socket.js";
import { Store } from "./store.js";

// Topic → the permission that it takes.
const topics = new Map((document.body.dataset.topics ?? "").split(/\s+/).filter(Boolean).map((topic) => /** @type {[string, string]} */ (topic.split(":"))));

export const me = Number(document.body.dataset.userId);
export const myDepartment = Number(document.body.dataset.departmentId) || null;
export const handles = document.body.dataset.handles === "yes";
export const dials = document.body.dataset.dials === "yes";

export const store = new Store(["calls", "lines", "agents", "alarms", "complaints", "conversations", "gateways", "listeners"]);
export const socket = new LiveSocket(topics, askSession);

socket.addEventListener("message", (event) => store.feed(event.detail));
