// The real program, on a folder of its own and a port that the system chooses.

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The binary under test: BALANCED_BIN, or the one that was built last. */
export function binary() {
  if (process.env.BALANCED_BIN) return process.env.BALANCED_BIN;
  const built = ["release", "debug"]
    .map((profile) => fileURLToPath(new URL(`../../target/${profile}/balanced`, import.meta.url)))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (built.length === 0) throw new Error("there is no balanced binary: run `cargo build` first or set BALANCED_BIN");
  return built[0];
}

/** Without this test's own variable, which the program would take for a setting. */
function environment() {
  const { BALANCED_BIN, ...rest } = process.env;
  return rest;
}

export class Server {
  #process;
  #folder;
  #port = 0;
  url = "";
  log = "";

  static async start(settings = {}) {
    const server = new Server();
    server.#folder = await mkdtemp(join(tmpdir(), "balanced-e2e-"));
    await server.#launch(settings);
    return server;
  }

  /** Starts the program again on the same folder and port, so that the browser's address stays good. */
  async restart(settings = {}) {
    await this.#launch(settings);
  }

  async #launch(settings) {
    const args = ["serve", "--listen", `127.0.0.1:${this.#port}`, "--data", this.#folder];
    this.#process = spawn(binary(), args, {
      env: { ...environment(), RUST_LOG: "info", ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process.stderr.on("data", (text) => (this.log += text));
    this.url = await new Promise((resolve, reject) => {
      let said = "";
      this.#process.stdout.on("data", (text) => {
        said += text;
        const url = said.match(/http:\/\/127\.0\.0\.1:\d+/);
        if (url) resolve(url[0]);
      });
      this.#process.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}${this.log}`)));
      this.#process.once("error", reject);
    });
    this.#port = new URL(this.url).port;
  }

  /** As a power failure does: no last words. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** In good order. Gives the exit code. */
  async stop() {
    return this.#end("SIGTERM");
  }

  async #end(signal) {
    const running = this.#process;
    if (running.exitCode !== null || running.signalCode !== null) return running.exitCode;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    return ended;
  }

  async close() {
    await this.#end("SIGTERM");
    await rm(this.#folder, { recursive: true, force: true });
  }

  get folder() {
    return this.#folder;
  }
}
