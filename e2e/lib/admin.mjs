// `balanced admin` on a server's folder, while the server runs, as whoever operates it types it.

import { execFile } from "node:child_process";
import { binary } from "./server.mjs";

/** Runs it and gives the JSON object that it prints. What is typed goes to standard input; settings are the server's. */
export async function admin(server, args, typed = "", settings = {}) {
  return new Promise((resolve, reject) => {
    const all = ["admin", "--json", "--data", server.folder, ...args];
    const child = execFile(binary(), all, { env: { PATH: process.env.PATH, ...settings } }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${all.join(" ")}: ${stderr}`));
      else resolve(JSON.parse(stdout));
    });
    // What refuses at once reads nothing.
    child.stdin.on("error", () => {});
    child.stdin.end(typed);
  });
}

/** An account that was not signed up for, which takes less time. Gives its id. */
export async function account(server, email, password) {
  return (await admin(server, ["create", email, "--password-stdin"], password)).id;
}
