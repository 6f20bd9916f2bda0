// One visitor's way through the site, held against the law at every step.

import { agreed } from "./agreed.mjs";
import { deletes, judgeJar, judgeLine, judgeRequests, judgeSent, judgeStorage, parseLine } from "./law.mjs";

/** What browsers send for a signal. */
export const HEADERS = { none: {}, dnt: { dnt: "1" }, gpc: { "sec-gpc": "1" } };

export class Visit {
  /** What broke the law, and where. */
  breaches = [];
  /** Every name that was stored at some time, and the life that it was given, in seconds or "session". */
  stored = new Map();
  #began = Date.now();
  #at = "arriving";

  constructor(tab, recorder, signal) {
    this.tab = tab;
    this.recorder = recorder;
    this.state = { choice: undefined, signal, named: [], told: false };
    recorder.forget();
    recorder.onLine = (line) => this.#line(line);
    recorder.onRequest = (request) => this.#note(judgeSent(request, recorder.lines), `, ${request.path}`);
  }

  get agreed() {
    return agreed(this.state);
  }

  /** What follows happens under another decision: lines that come with it are held against that one. */
  decides(change) {
    Object.assign(this.state, change);
  }

  /** One more item is agreed to by name, on a page that tells of the signal if there is one. */
  names(item) {
    // To answer is to have decided: whoever had not chooses to be asked.
    this.decides({ choice: this.state.choice ?? "prompt", named: [...this.state.named, item], told: true });
  }

  /** Asks for an address as the page would, and drops the answer. Without scripts the test asks in the page's stead. */
  async fetch(path) {
    if (this.tab.scripts) return this.tab.fetch(path);
    const cookie = (await this.tab.jar()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const stop = new AbortController();
    const answer = await fetch(this.tab.url + path, { signal: stop.signal, headers: { cookie, ...HEADERS[this.state.signal] } });
    stop.abort();
    return answer.status;
  }

  /** Does a step, then looks at everything that the browser holds. */
  async step(name, act) {
    this.#at = name;
    const result = await act();
    await this.look();
    return result;
  }

  async look() {
    const jar = await this.tab.jar();
    const storage = await this.tab.storage();
    for (const name of Object.keys(storage.local)) this.stored.set(name, "kept");
    this.#note(judgeJar(jar, this.agreed, this.recorder.lines));
    this.#note(judgeStorage(storage, this.agreed, this.#began));
    this.#note(judgeRequests(this.tab.foreign.splice(0)));
  }

  #line(line) {
    this.#note(judgeLine(line, this.agreed, this.#began), `, ${line.path}`);
    const { name, maxAge, ...rest } = parseLine(line.raw);
    if (!deletes({ maxAge, ...rest })) this.stored.set(name, maxAge ?? "session");
  }

  #note(breaches, where = "") {
    for (const { kind, what } of breaches) this.breaches.push({ kind, what, at: this.#at + where });
  }
}
