// Passkeys: gets a challenge from the server and its answer from the browser, and sends that with the page's form. Without
// scripts the form stays hidden, and the page says so.

import { data, need } from "./dom";

/** What the server asks, as it writes it: bytes are base64url. */
interface Asked {
  challenge: string;
  options: { publicKey: Options };
}

interface Options {
  challenge: string;
  user?: { id: string; name: string; displayName: string };
  allowCredentials?: Named[];
  excludeCredentials?: Named[];
  [other: string]: unknown;
}

interface Named {
  id: string;
  type: "public-key";
}

function bytes(text: string): ArrayBuffer {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer;
}

function text(bytes: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function named(list: Named[] | undefined): PublicKeyCredentialDescriptor[] | undefined {
  return list?.map((one) => ({ ...one, id: bytes(one.id) }));
}

/** Asks a device for a new passkey. Gives the answer as the server reads it. */
async function make({ user, ...options }: Options): Promise<object> {
  if (!user) throw new Error("the server did not say for whom");
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: named(options.excludeCredentials) ?? [],
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    extensions: {},
    response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) },
  };
}

/** Asks a device for a passkey that it has. */
async function show(options: Options): Promise<object> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials) ?? [],
  } as unknown as PublicKeyCredentialRequestOptions;
  const shown = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = shown.response as AuthenticatorAssertionResponse;
  return {
    id: shown.id,
    rawId: text(shown.rawId),
    type: shown.type,
    extensions: {},
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

async function ask(form: HTMLFormElement, purpose: string): Promise<Asked> {
  const csrf = need(form, "[name=csrf]", HTMLInputElement).value;
  const body = new URLSearchParams({ csrf, for: purpose });
  const answer = await fetch("/account/passkeys/challenge", { method: "POST", body });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Asked;
}

/** What went wrong, in words; browsers have few names for it. */
function words(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError") return "Nothing came of it: it was cancelled, took too long, or there is no passkey of yours here.";
  if (name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (name === "SecurityError") return "The browser does not let this address use passkeys.";
  if (name === "NotSupportedError") return "This device cannot do what a passkey here needs.";
  return "That did not work. Load the page again and try once more.";
}

export function startPasskeys(form: HTMLElement): void {
  if (!(form instanceof HTMLFormElement)) return;
  const purpose = data(form, "passkey");
  const said = need(form, "[data-said]", HTMLElement);
  const button = need(form, "button", HTMLButtonElement);
  const origin = data(form, "origin");
  if (!window.PublicKeyCredential) {
    said.textContent = "This browser knows no passkeys.";
    return;
  }
  if (location.origin !== origin) {
    const link = document.createElement("a");
    link.href = origin + location.pathname;
    link.textContent = link.href;
    said.replaceChildren("Passkeys belong to a name, and this address has none. Open ", link, ", and sign in there.");
    return;
  }
  said.textContent = "";
  for (const part of form.querySelectorAll<HTMLElement>("[data-scripted]")) part.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = "";
    run(form, purpose).catch((error: unknown) => {
      button.disabled = false;
      said.textContent = words(error);
    });
  });
}

async function run(form: HTMLFormElement, purpose: string): Promise<void> {
  const { challenge, options } = await ask(form, purpose);
  const answer = await (purpose === "add" ? make(options.publicKey) : show(options.publicKey));
  need(form, "[name=challenge]", HTMLInputElement).value = challenge;
  need(form, "[name=answer]", HTMLInputElement).value = JSON.stringify(answer);
  // Past the listener above, which has done its part.
  form.submit();
}
