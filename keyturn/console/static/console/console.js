// What does the console do better when JavaScript is there? Nothing here is needed: every page works without it.
"use strict";

// J and K go down and up the queue, but only while one of its rows has the focus (WCAG 2.2, 2.1.4).
document.querySelectorAll("[data-rows]").forEach((table) => {
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    const links = [...table.querySelectorAll("th a")];
    const at = links.indexOf(document.activeElement);
    const next = links[at + step];
    if (!step || at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  });
});

// A sentence to start from goes into the text, as long as nobody has typed something of their own there.
document.querySelectorAll("select[data-fills]").forEach((select) => {
  const area = document.getElementById(select.dataset.fills);
  select.addEventListener("change", () => {
    const text = select.selectedOptions[0].dataset.text || "";
    if (area.value.trim() === "" || area.value === area.dataset.filled) {
      area.value = text;
      area.dataset.filled = text;
    }
  });
});

// Ctrl + Enter anywhere in the form sends the decision; nobody leaves with words that were not sent without being asked.
const decision = document.getElementById("decide");
if (decision) {
  const reason = document.getElementById("reason");
  let sending = false;
  decision.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    decision.requestSubmit();
  });
  decision.addEventListener("submit", () => { sending = true; });
  window.addEventListener("pageshow", () => { sending = false; });
  window.addEventListener("beforeunload", (event) => {
    const theirs = reason && reason.value.trim() !== "" && reason.value !== reason.dataset.filled;
    if (theirs && !sending) event.preventDefault();
  });
}

// What the page fetches by itself (another candidate, an identifier) may fail: say so, and leave what was typed alone.
const trouble = (name) => {
  const words = document.getElementById(name);
  const place = document.getElementById("notices");
  if (words && place) place.replaceChildren(words.content.cloneNode(true));
  place?.scrollIntoView({ block: "nearest" });
};
document.addEventListener("htmx:responseError", (event) => {
  trouble(event.detail.xhr.status === 401 ? "signed-out" : "trouble");
});
document.addEventListener("htmx:sendError", () => trouble("trouble"));
