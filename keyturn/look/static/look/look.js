// What does a page do better when JavaScript is there? Nothing here is needed: every page works without it.
"use strict";

// A page that answers a form must not be sent again: "Back" then opens its address, where what is kept is shown, instead
// of the browser's question whether to send the form once more.
if ("answer" in document.documentElement.dataset) history.replaceState(null, "", location.href);

// Put the focus on the error summary (the autofocus attribute does it too, where the browser allows).
const summary = document.querySelector(".govuk-error-summary");
if (summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest("fieldset") || field.closest(".govuk-form-group") || field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}

// A second click while the first is on its way changes nothing: the server gives the same answer, the button says so.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-busy]").forEach((each) => each.removeAttribute("aria-busy"));
});

// Tell people two minutes before the page locks, and let them stay with one press (WCAG 2.2, 2.2.1).
const warning = document.querySelector("dialog[data-idle-seconds]");
if (warning && warning.showModal) {
  const idle = Number(warning.dataset.idleSeconds) * 1000;
  let timer;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => warning.showModal(), Math.max(idle - 120000, 1000));
  };
  warning.addEventListener("close", () => {
    fetch(warning.dataset.stay, { credentials: "same-origin", cache: "no-store" }).finally(watch);
  });
  watch();
}
