// The upload form: drag and drop, a progress bar, and errors said in place. Without this the form is a plain form.

import { data, megabytes, need } from "./dom";
import { used } from "./usage";

/** What the server answers to a request for JSON. */
interface Answer {
  location?: string;
  message?: string;
  /** Where to change what stands in the way: an address and its words. */
  link?: [href: string, words: string];
}

export function startUpload(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const form = element;
  const maxBytes = Number(data(form, "maxBytes"));
  const maxSize = data(form, "maxSize");
  const drop = need(form, "[data-drop]", HTMLElement);
  const input = need(form, "input[type=file]", HTMLInputElement);
  const reference = need(form, "#reference", HTMLInputElement);
  const pick = need(form, "[data-pick]", HTMLElement);
  const name = need(form, "[data-name]", HTMLElement);
  const hint = need(form, "[data-hint]", HTMLElement);
  const bar = need(form, "[data-bar]", HTMLProgressElement);
  const message = need(form, "[data-message]", HTMLElement);
  const send = need(form, "[data-send]", HTMLButtonElement);
  const stop = need(form, "[data-stop]", HTMLButtonElement);
  const invitation = { name: name.textContent, hint: data(hint, "scripted"), pick: pick.textContent };
  let sending: XMLHttpRequest | undefined;

  drop.classList.add("scripted");
  input.required = false;
  hint.textContent = invitation.hint;
  pick.textContent = data(pick, "scripted");
  invitation.pick = pick.textContent;

  function say(text: string, link?: Answer["link"]): void {
    message.textContent = text;
    message.hidden = text === "";
    if (link) {
      const anchor = document.createElement("a");
      [anchor.href, anchor.textContent] = link;
      message.append(" ", anchor);
    }
  }

  /** Why this file need not be sent at all, or nothing. */
  function fault(file: File, what = "mix"): string {
    if (file.size === 0) return `“${file.name}” is empty. Export the ${what} again and choose that file.`;
    if (file.size > maxBytes) {
      return `“${file.name}” is ${megabytes(file.size)}; up to ${maxSize} can be uploaded. FLAC takes about half the space of WAV.`;
    }
    return "";
  }

  /** Both files together keep to the limit. */
  function faultOfReference(mix: File): string {
    const file = reference.files?.[0];
    if (!file) return "";
    if (mix.size + file.size <= maxBytes) return fault(file, "reference");
    return `With “${file.name}” it is too large: up to ${maxSize} can be uploaded, both files together.`;
  }

  function show(): void {
    const file = input.files?.[0];
    drop.classList.toggle("chosen", file !== undefined);
    name.textContent = file?.name ?? invitation.name;
    hint.textContent = file ? megabytes(file.size) : invitation.hint;
    pick.textContent = file ? data(pick, "other") : invitation.pick;
    say(file ? fault(file) : "");
  }

  function busy(request: XMLHttpRequest | undefined): void {
    sending = request;
    const on = request !== undefined;
    bar.hidden = !on;
    stop.hidden = !on;
    send.disabled = on;
    input.disabled = on;
    reference.disabled = on;
    pick.hidden = on;
    if (!on) show();
  }

  function upload(file: File): void {
    // Read before the field is disabled: what is disabled is not sent.
    const fields = new FormData(form);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const share = event.loaded / event.total;
      bar.value = share;
      hint.textContent =
        share < 1
          ? `Sending: ${megabytes(event.loaded)} of ${megabytes(event.total)}`
          : "All there. The server is putting it away.";
    });
    request.addEventListener("load", () => {
      const answer = request.response as Answer | null;
      if (request.status < 300 && answer?.location) {
        form.dispatchEvent(new Event("balanced:sent"));
        location.assign(answer.location);
        return;
      }
      busy(undefined);
      say(answer?.message ?? `The server answered with ${request.status}. Try again in a moment.`, answer?.link);
    });
    request.addEventListener("error", () => {
      busy(undefined);
      say(`The connection broke before “${file.name}” was there. Try again; nothing was kept.`);
    });
    request.addEventListener("abort", () => {
      busy(undefined);
      say("Stopped. Nothing was kept.");
    });
    bar.value = 0;
    say("");
    busy(request);
    hint.textContent = "Sending";
    request.send(fields);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sending) return;
    const file = input.files?.[0];
    if (!file) {
      say("Choose a mix first: a WAV, AIFF, FLAC, MP3, M4A, Ogg or Opus file.");
      input.focus();
      return;
    }
    if (!navigator.cookieEnabled) {
      say(data(form, "needsCookie"));
      return;
    }
    const blocked = document.querySelector<HTMLElement>("[data-blocked]");
    if (blocked) {
      // The server would say the same, but only once everything was sent.
      const link = need(blocked, "a", HTMLAnchorElement);
      say(need(blocked, "p", HTMLElement).textContent, [link.href, link.textContent]);
      return;
    }
    const wrong = fault(file) || faultOfReference(file);
    if (wrong === "") upload(file);
    else say(wrong);
  });

  input.addEventListener("change", show);
  stop.addEventListener("click", () => {
    used("stop-upload");
    sending?.abort();
  });
  form.querySelector("details")?.addEventListener("toggle", (event) => {
    if (event.currentTarget instanceof HTMLDetailsElement && event.currentTarget.open) used("more-options");
  });

  // The whole window takes the file: a near miss must not make the browser leave the page.
  let depth = 0;
  // What is dropped on the field for the reference is the reference.
  const carriesFile = (event: DragEvent): boolean =>
    event.target !== reference && (event.dataTransfer?.types.includes("Files") ?? false);
  const over = (on: boolean): void => void drop.classList.toggle("over", on && !sending);
  window.addEventListener("dragenter", (event) => {
    if (carriesFile(event)) over(++depth > 0);
  });
  window.addEventListener("dragleave", (event) => {
    if (carriesFile(event)) over(--depth > 0);
  });
  window.addEventListener("dragover", (event) => {
    if (carriesFile(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    const files = event.dataTransfer?.files;
    if (!files?.length || sending) return;
    if (files.length > 1) {
      say("One mix at a time: drop a single file.");
      return;
    }
    input.files = files;
    used("drop");
    show();
    send.focus();
  });

  // A form that the browser filled in again after going back.
  show();
}
