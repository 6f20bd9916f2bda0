// What the crawl does in a browser, whichever it is. `chromium-tab.mjs` and `firefox-tab.mjs` say how.

/** What a page may keep beside cookies, read in the page. */
async function kept(scripts) {
  const entries = (storage) => Object.fromEntries(Object.keys(storage).map((key) => [key, storage.getItem(key)]));
  const found = { local: entries(localStorage), session: entries(sessionStorage), databases: [], caches: [], workers: [] };
  // Without scripts nobody can make one, and nothing that takes time comes back.
  if (!scripts) return found;
  const workers = await navigator.serviceWorker.getRegistrations();
  return {
    ...found,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    workers: workers.map(({ scope }) => scope),
  };
}

/** How browsers say that a page went away. */
export const GONE = /context was destroyed|timed out|no such frame|Cannot find context|discarded|navigation|detached|document.body is null/i;

/** Presses what the selector finds. */
function click(selector) {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`there is no ${selector} on ${location.pathname}: ${document.body?.innerText.slice(0, 300)}`);
  found.click();
}

/** One visitor's only tab. A subclass has `run`, `open`, `attach`, `jar`, `navigated` and `leave`. */
export class Tab {
  /** Requests to other origins. */
  foreign = [];
  /** What the browser's console says is wrong. */
  complaints = [];

  constructor({ url, scripts }) {
    this.url = url;
    this.scripts = scripts;
  }

  /** Runs a function in the page, and on the next one if the page goes away meanwhile, as a page that waits does. */
  async evaluate(what, argument) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.run(what, argument);
      } catch (error) {
        if (tries === 5 || !GONE.test(error.message)) throw error;
        await this.pause(100);
      }
    }
  }

  /** Goes to an address of the site. Gives the status. A page that just then renews itself gets in the way at times. */
  async go(path) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.open(this.url + path);
      } catch (error) {
        if (tries === 3 || !/ABORTED|interrupted/.test(error.message)) throw error;
        await this.pause(300);
      }
    }
  }

  /** Waits until the page that is coming has all its elements: until then it seems to have none. */
  async complete() {
    for (let tries = 0; await this.evaluate(() => document.readyState === "loading" || document.body === null); tries++) {
      if (tries === 100) throw new Error(`${await this.path()} is not there after ten seconds`);
      await this.pause(100);
    }
  }

  async storage() {
    return this.evaluate(kept, this.scripts);
  }

  async has(selector) {
    await this.complete();
    return this.evaluate((selector) => document.querySelector(selector) !== null, selector);
  }

  async path() {
    return this.evaluate(() => location.pathname);
  }

  async text() {
    await this.complete();
    return this.evaluate(() => document.body.innerText);
  }

  /** Lets the page's own scripts get on. */
  async pause(ms) {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Presses what the selector finds, and waits for the page that comes. */
  async press(selector) {
    await this.complete();
    await this.navigated(() => this.run(click, selector));
  }

  /** Presses what the selector finds, and stays. */
  async tap(selector) {
    await this.complete();
    await this.evaluate(click, selector);
  }

  /** Presses what the selector finds, and waits until it is gone: from this page, or because another one came. */
  async dismiss(selector) {
    await this.complete();
    await this.run(click, selector);
    for (let tries = 0; await this.has(selector); tries++) {
      if (tries === 100) throw new Error(`${selector} is still there ten seconds after it was pressed`);
      await this.pause(100);
    }
  }

  /** Fills fields of the form at the selector: names and values, where a value ticks what has it. */
  async fill(form, fields) {
    await this.complete();
    await this.evaluate(
      ({ form, fields }) => {
        const found = document.querySelector(form);
        if (!found) throw new Error(`there is no ${form} on ${location.pathname}`);
        for (const [name, value] of fields) {
          const named = [...found.elements].filter((field) => field.name === name);
          const field = named.find((field) => !["radio", "checkbox"].includes(field.type) || field.value === value);
          if (!field) throw new Error(`${form} has no field ${name} for ${value}`);
          if (["radio", "checkbox"].includes(field.type)) field.checked = true;
          else field.value = value;
          for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
        }
      },
      { form, fields },
    );
  }

  /** Asks for an address without going there, and drops what is answered. */
  async fetch(path) {
    return this.evaluate(async (path) => {
      const stop = new AbortController();
      const answer = await fetch(path, { signal: stop.signal });
      stop.abort();
      return answer.status;
    }, path);
  }
}
