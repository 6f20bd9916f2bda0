// Google Analytics 4, as far as its Measurement Protocol goes: it takes everything and says nothing.

import { createServer } from "node:http";

export class StubGoogle {
  /** The events that came, each with who sent it. */
  events = [];
  #server;
  url = "";

  static async start() {
    const google = new StubGoogle();
    google.#server = createServer(async (request, answer) => {
      const parts = await request.toArray();
      const { client_id, events = [] } = JSON.parse(Buffer.concat(parts).toString() || "{}");
      google.events.push(...events.map((event) => ({ client_id, ...event })));
      answer.writeHead(204).end();
    });
    await new Promise((resolve) => google.#server.listen(0, "127.0.0.1", resolve));
    google.url = `http://127.0.0.1:${google.#server.address().port}`;
    return google;
  }

  /** The program's settings for it. */
  get settings() {
    return {
      BALANCED_ANALYTICS__GA4_MEASUREMENT_ID: "G-TEST12345",
      BALANCED_ANALYTICS__GA4_API_SECRET: "not-a-secret",
      BALANCED_ANALYTICS__GA4_BASE_URL: this.url,
    };
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
