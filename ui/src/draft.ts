// Gives back what was filled in on the upload form but never sent. The fields alone; never the file.

import { need } from "./dom";
import { forget, keep, mayKeep, recall } from "./storage";

type Draft = Record<string, string>;

function fields(form: HTMLFormElement): Draft {
  const draft: Draft = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "csrf") draft[name] = value;
  }
  // Of boxes with one name each counts by itself, ticked or not.
  for (const box of form.querySelectorAll<HTMLInputElement>("input[type=checkbox]")) {
    delete draft[box.name];
    draft[`${box.name}=${box.value}`] = box.checked ? "on" : "off";
  }
  return draft;
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && Object.values(value).every((field) => typeof field === "string");
}

function fill(form: HTMLFormElement, draft: Draft): void {
  for (const element of form.elements) {
    if (element instanceof HTMLInputElement) {
      const ticks = element.type === "checkbox";
      const value = draft[ticks ? `${element.name}=${element.value}` : element.name];
      if (value === undefined || element.type === "file" || element.type === "hidden") continue;
      if (ticks) element.checked = value === "on";
      else if (element.type === "radio") element.checked = element.value === value;
      else element.value = value;
    } else if (element instanceof HTMLSelectElement) {
      const value = draft[element.name];
      if (value !== undefined && [...element.options].some((option) => option.value === value)) element.value = value;
    }
  }
  for (const more of form.querySelectorAll("details")) {
    if ([...more.querySelectorAll("input")].some((input) => input.value !== input.defaultValue || input.checked !== input.defaultChecked)) more.open = true;
  }
}

export function startDraft(form: HTMLElement): void {
  if (!(form instanceof HTMLFormElement) || !mayKeep("upload-draft")) return;
  const note = need(form, "[data-draft]", HTMLElement);
  const asServed = fields(form);
  const draft = recall("upload-draft");
  // A form that comes back with a message is what was just sent: newer than any draft.
  if (isDraft(draft) && form.dataset["upload"] !== "again") {
    fill(form, draft);
    note.hidden = JSON.stringify(fields(form)) === JSON.stringify(asServed);
  }
  need(note, "button", HTMLButtonElement).addEventListener("click", () => {
    fill(form, asServed);
    forget("upload-draft");
    note.hidden = true;
  });
  form.addEventListener("input", () => keep("upload-draft", fields(form)));
  form.addEventListener("balanced:sent", () => forget("upload-draft"));
  // Without the script's own upload the browser sends the form itself, and a later visit starts afresh.
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) forget("upload-draft");
  });
}
