// The part of a form that says what the master shall be.

import { data, need } from "./dom";

export function startWishes(form: HTMLElement): void {
  // A number typed, or a place picked from the list, is a choice made.
  for (const field of form.querySelectorAll<HTMLElement>("[data-chooses]")) {
    const choice = need(form, `#${data(field, "chooses")}`, HTMLInputElement);
    for (const act of ["input", "click"]) field.addEventListener(act, () => (choice.checked = true));
  }
}
