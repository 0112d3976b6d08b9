// A part of the page as the server draws it now. Whatever else stands on the page stays, and the keyboard its place: see focus.js.
export const redraw = (id, address = location.pathname + location.search) => window.htmx.ajax("GET", address, { target: `#${id}`, select: `#${id}`, swap: "outerHTML" });
