// A recorder between browser and server: it sees what no script of a page can hide, whatever the browser.

import { Agent, createServer, request } from "node:http";

/** What passed: every Set-Cookie line with its time, and every request with its headers. */
export class Recorder {
  lines = [];
  requests = [];
  /** Changes an answer on its way: `({ path, headers, body }) => void`, where `headers` and `body` may be replaced. */
  tamper;
  /** Files that the test itself serves: an address to `{ type, body }`. */
  serves;
  /** Headers that every request gets on its way, as from an extension of the browser. */
  adds = {};
  /** Addresses that get no answer, as a blocker's list has it, and what was asked of them. */
  refuses;
  refused = [];
  /** Hear of each line and of each request as it passes. */
  onLine;
  onRequest;
  #server;
  #agent = new Agent({ keepAlive: true });
  url = "";

  static async before(target) {
    const recorder = new Recorder();
    recorder.#server = createServer((incoming, outgoing) => recorder.#pass(new URL(target), incoming, outgoing));
    await new Promise((resolve) => recorder.#server.listen(0, "127.0.0.1", resolve));
    recorder.url = `http://127.0.0.1:${recorder.#server.address().port}`;
    return recorder;
  }

  /** A new visitor: what passed before is forgotten. */
  forget() {
    this.lines = [];
    this.requests = [];
  }

  #pass(target, incoming, outgoing) {
    const { method, url: path } = incoming;
    const headers = { ...incoming.headers, ...this.adds };
    const own = this.serves?.[path];
    if (own) return outgoing.writeHead(200, { "content-type": own.type }).end(own.body);
    if (this.refuses?.test(path)) {
      this.refused.push({ method, path });
      return outgoing.destroy();
    }
    this.requests.push({ method, path, headers });
    this.onRequest?.({ method, path, headers });
    const onward = request(
      { host: target.hostname, port: target.port, method, path, headers, agent: this.#agent },
      (answer) => this.#answer(path, answer, outgoing),
    );
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  #answer(path, answer, outgoing) {
    const headers = { ...answer.headers };
    const pass = (body) => {
      for (const raw of [headers["set-cookie"] ?? []].flat()) {
        const line = { raw, at: Date.now(), path };
        this.lines.push(line);
        this.onLine?.(line);
      }
      outgoing.writeHead(answer.statusCode, headers);
      if (body === undefined) answer.pipe(outgoing);
      else outgoing.end(body);
    };
    // A broken connection is the server's to explain; here it is only passed on.
    answer.on("error", () => outgoing.destroy());
    if (!this.tamper || !headers["content-type"]?.startsWith("text/html")) return pass();
    const parts = [];
    answer.on("data", (part) => parts.push(part));
    answer.on("end", () => {
      const page = { path, headers, body: Buffer.concat(parts).toString() };
      this.tamper(page);
      delete headers["content-length"];
      pass(page.body);
    });
  }

  async close() {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
