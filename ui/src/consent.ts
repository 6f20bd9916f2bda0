// Takes the answer to a question about cookies without leaving the page, so that a file chosen for upload stays chosen,
// and ticks whole categories in the settings. Without this the forms are plain forms.

import { need } from "./dom";
import { sweep } from "./storage";

/** What the server answers to a request for JSON. */
interface Settled {
  /** As `data-stores` of a page has it. */
  stores: string;
  /** Leads on where the browser kept the answer; otherwise it is the page that says so. */
  next: string;
}

/** Sends an answer; one that the browser did not keep leads to the page that says so. */
async function answer(address: string, fields: URLSearchParams): Promise<Settled> {
  const response = await fetch(address, { method: "POST", body: fields, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`the answer was refused with ${response.status}`);
  const settled = (await response.json()) as Settled;
  const kept = await fetch(settled.next, { redirect: "manual" });
  if (kept.type !== "opaqueredirect") location.assign(settled.next);
  return settled;
}

/** One form of the bar: the first layer, or the question for one item. */
function listen(bar: HTMLElement, form: HTMLFormElement): void {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    // A page that counts must not go on after a no.
    const { counts, engagement } = document.documentElement.dataset;
    if (counts !== undefined || engagement !== undefined) return;
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form, button)) fields.append(name, String(value));
    answer(form.action, fields)
      .then(({ stores }) => {
        document.documentElement.dataset["stores"] = stores;
        sweep();
        const last = bar.querySelectorAll("form").length === 1;
        (last ? bar : form).remove();
        if (last) document.getElementById("page")?.focus({ preventScroll: true });
        else need(bar, "button", HTMLButtonElement).focus({ preventScroll: true });
      })
      // The plain form says what went wrong.
      .catch(() => {
        const choice = document.createElement("input");
        [choice.type, choice.name, choice.value] = ["hidden", button.name, button.value];
        form.append(choice);
        form.submit();
      });
  });
}

export function startBar(bar: HTMLElement): void {
  for (const form of bar.querySelectorAll("form")) listen(bar, form);
}

/** A tick for all items of a category; half a tick where some are. */
export function startCategories(form: HTMLElement): void {
  for (const category of form.querySelectorAll<HTMLElement>("[data-category]")) {
    const label = category.querySelector<HTMLElement>("[data-whole]");
    if (!label) continue;
    const whole = need(label, "input", HTMLInputElement);
    const items = [...category.querySelectorAll<HTMLInputElement>("input[name=item]")];
    const show = (): void => {
      const ticked = items.filter((item) => item.checked).length;
      whole.checked = ticked === items.length;
      whole.indeterminate = ticked > 0 && ticked < items.length;
    };
    whole.addEventListener("change", () => {
      for (const item of items) item.checked = whole.checked;
    });
    category.addEventListener("change", show);
    label.hidden = false;
    show();
  }
}
