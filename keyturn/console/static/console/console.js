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

// Ctrl + Enter in the text sends the decision.
const reason = document.getElementById("reason");
if (reason && reason.form) {
  reason.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    reason.form.requestSubmit();
  });
}
