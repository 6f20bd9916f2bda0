// Four other consent banners, each on a page of its own as its documentation says: what the browser fetches for it, and
// which buttons it shows. Their packages come from npm, pinned by hash; they are no dependencies, for one of them would
// bring a hundred others.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const PEERS = [
  {
    name: "orestbida/cookieconsent",
    npm: "vanilla-cookieconsent@3.1.0",
    sha512: "/McNRtm/3IXzb9dhqMIcbquoU45SzbN2VB+To4jxEPqMmp7uVniP6BhGLjU8MC7ZCDsNQVOp27fhQTM/ruIXAA==",
    html: `<link rel="stylesheet" href="dist/cookieconsent.css"><script src="dist/cookieconsent.umd.js"></script>
      <script>CookieConsent.run({ hideFromBots: false, categories: { necessary: { enabled: true, readOnly: true }, analytics: {} },
        language: { default: "en", translations: { en: {
          consentModal: { title: "Cookies", description: "May we?", acceptAllBtn: "Yes", acceptNecessaryBtn: "No" },
          preferencesModal: { acceptAllBtn: "Yes", acceptNecessaryBtn: "No", sections: [] } } } } });</script>`,
  },
  {
    name: "Klaro",
    npm: "klaro@0.7.22",
    sha512: "NkaFxS4S8160/zH1UQzCSYIIsAtwIDHIkJ7xofCrgRqk14OSY+OJuwCjYyW+q5fmIeF4RvsuBH6brPe2BS9Z0A==",
    html: `<script>var klaroConfig = { privacyPolicy: "/", services: [{ name: "a", title: "A", purposes: ["analytics"] }] };</script>
      <script defer data-config="klaroConfig" src="dist/klaro.js"></script>`,
  },
  {
    name: "tarteaucitron",
    npm: "tarteaucitronjs@1.34.0",
    sha512: "PEzKEjOLC06zCWSZB1RuQkSlzbDYXSKohv0XD7BMjgfE/M+LhiWLTdNAj47VW9xcVsuQCSvLpR/gqkripHaU6g==",
    html: `<script src="tarteaucitron.min.js"></script>
      <script>tarteaucitron.init({ privacyUrl: "", hashtag: "#t", cookieName: "t", orientation: "middle", highPrivacy: true,
        AcceptAllCta: true, DenyAllCta: true, showIcon: false, removeCredit: true, mandatory: true });
        (tarteaucitron.job = tarteaucitron.job || []).push("youtube");</script>`,
  },
  {
    name: "Osano cookieconsent",
    npm: "cookieconsent@3.1.1",
    sha512: "v8JWLJcI7Zs9NWrs8hiVldVtm3EBF70TJI231vxn6YToBGj0c9dvdnYwltydkAnrbBMOM/qX1xLFrnTfm5wTag==",
    html: `<link rel="stylesheet" href="build/cookieconsent.min.css"><script src="build/cookieconsent.min.js"></script>
      <script>addEventListener("load", () => window.cookieconsent.initialise({ type: "opt-in" }));</script>`,
  },
];

const MEDIA = { ".css": "text/css", ".js": "text/javascript; charset=utf-8", ".html": "text/html; charset=utf-8" };

/** The peers' pages on a port of this machine. */
export class Peers {
  #folder;
  #server;
  url = "";

  static async serve() {
    const peers = new Peers();
    peers.#folder = await mkdtemp(join(tmpdir(), "balanced-peers-"));
    for (const [index, { npm, sha512 }] of PEERS.entries()) {
      const target = join(peers.#folder, String(index));
      await mkdir(target);
      await run("npm", ["pack", npm, "--silent", "--prefer-offline", "--pack-destination", target]);
      const archive = join(target, `${npm.replace("@", "-")}.tgz`);
      const hash = createHash("sha512").update(await readFile(archive)).digest("base64");
      if (hash !== sha512) throw new Error(`${npm} is not the package that was looked at: its hash is ${hash}`);
      await run("tar", ["-xzf", archive, "-C", target, "--strip-components=1"]);
    }
    peers.#server = createServer(async ({ url }, answer) => {
      const [, index, ...path] = normalize(new URL(url, "http://x").pathname).split("/");
      const file = path.join("/") || "index.html";
      const page = `<!doctype html><html lang="en"><title>${PEERS[index]?.name}</title><body>${PEERS[index]?.html}`;
      try {
        const body = file === "index.html" ? page : await readFile(join(peers.#folder, index, file));
        answer.writeHead(200, { "content-type": MEDIA[extname(file)] ?? "application/octet-stream" }).end(body);
      } catch {
        answer.writeHead(404).end();
      }
    });
    await new Promise((resolve) => peers.#server.listen(0, "127.0.0.1", resolve));
    peers.url = `http://127.0.0.1:${peers.#server.address().port}`;
    return peers;
  }

  /** Where the peer's page is. */
  page(index) {
    return `${this.url}/${index}/`;
  }

  async close() {
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
