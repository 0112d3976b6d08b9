// The line of boxes above the list: where it has no room for all, its ends show that there is more.
const line = document.getElementById("boxes");

function ends() {
  const left = line.scrollWidth - line.clientWidth - line.scrollLeft;
  const more = [line.scrollLeft > 1 ? "start" : "", left > 1 ? "end" : ""].filter(Boolean);
  line.dataset.more = more.length > 1 ? "both" : more[0] ?? "";
}

// A wheel turns one way only; here nothing else is to be scrolled by it.
line.addEventListener("wheel", (event) => {
  if (event.deltaX || !event.deltaY || line.scrollWidth <= line.clientWidth) return;
  event.preventDefault();
  line.scrollLeft += event.deltaY;
}, { passive: false });
line.addEventListener("scroll", ends, { passive: true });
line.addEventListener("click", (event) => event.target.closest("[data-box]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
new ResizeObserver(ends).observe(line);
// What waits in a box makes it wider.
new MutationObserver(ends).observe(line, { childList: true, characterData: true, subtree: true });
ends();
