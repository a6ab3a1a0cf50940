// What does signing in do better when JavaScript is there? Passkeys, which need it, and a password that can be seen.
"use strict";

const decode = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0)).buffer;
};
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What the server says as JSON, as the browser wants it: byte strings instead of base64url.
const forBrowser = ({ publicKey: said }) => ({
  ...said,
  challenge: decode(said.challenge),
  ...(said.user && { user: { ...said.user, id: decode(said.user.id) } }),
  ...(said.excludeCredentials && { excludeCredentials: said.excludeCredentials.map((each) => ({ ...each, id: decode(each.id) })) }),
  ...(said.allowCredentials && { allowCredentials: said.allowCredentials.map((each) => ({ ...each, id: decode(each.id) })) }),
});

// And back: what the device answered, as JSON.
const forServer = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = encode(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
};

const options = async (form) => {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.fetch, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error("no options");
  return (await answer.json()).request_options;
};

const ask = async (form) => {
  const publicKey = forBrowser(await options(form));
  if (form.dataset.passkey === "get") return navigator.credentials.get({ publicKey });
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
  };
  return navigator.credentials.create({ publicKey });
};

const usesPasskey = (form) => {
  form.hidden = false;
  form.querySelectorAll("[data-needs-script]").forEach((each) => { each.hidden = false; });
  const trouble = form.querySelector("[data-trouble]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation(); // look.js would take this for the one press that counts
    trouble.hidden = true;
    try {
      form.elements.credential.value = forServer(await ask(form));
      HTMLFormElement.prototype.submit.call(form);
    } catch {
      trouble.hidden = false;
    }
  });
};

// A passkey belongs to a host name: where the site is opened by a bare address, none can be found.
const named = !/^[\d.]+$|:/.test(location.hostname);
document.querySelectorAll("form[data-passkey]").forEach((form) => {
  if (window.PublicKeyCredential && (named || !form.dataset.fetch)) usesPasskey(form);
});

// A button beside each password that shows what was typed.
const words = document.querySelector("[data-show-word]");
if (words) {
  document.querySelectorAll("input[type=password]").forEach((field) => {
    const button = document.createElement("button");
    const box = document.createElement("div");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary kt-show";
    button.setAttribute("aria-controls", field.id);
    const say = (shown) => {
      field.type = shown ? "text" : "password";
      button.textContent = shown ? words.dataset.hideWord : words.dataset.showWord;
      button.setAttribute("aria-label", shown ? words.dataset.hideLabel : words.dataset.showLabel);
    };
    say(false);
    button.addEventListener("click", () => say(field.type === "password"));
    field.form.addEventListener("submit", () => say(false));
    box.className = "kt-shown";
    field.replaceWith(box);
    box.append(field, button);
  });
}
