// Mails as the program puts them into its folder, read as a mail program reads them.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A quoted-printable or base64 part as text. */
function decode(encoding, body) {
  if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
  if (encoding !== "quoted-printable") return body;
  const bytes = body
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** A mail's recipient, subject, and plain text with the link in it. */
function parse(source) {
  const [head] = source.split(/\r?\n\r?\n/, 1);
  const header = (name, text = head) => text.match(new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, "im"))?.[1].trim();
  const boundary = head.match(/boundary="([^"]+)"/)[1];
  const [, plain] = source.split(`--${boundary}`);
  const [partHead, ...rest] = plain.trimStart().split(/\r?\n\r?\n/);
  const text = decode(header("Content-Transfer-Encoding", partHead), rest.join("\n\n"));
  return { to: header("To"), subject: header("Subject"), text, link: text.match(/^http\S+$/m)?.[0] };
}

/** The mails to an address, the oldest first. */
export async function mailsTo(server, address) {
  const folder = join(server.folder, "mail");
  const names = await readdir(folder).catch(() => []);
  const sources = names.filter((name) => name.endsWith(".eml")).sort().map((name) => readFile(join(folder, name), "utf8"));
  return (await Promise.all(sources)).map(parse).filter(({ to }) => to === address);
}

/** Waits for the mail with that many before it. */
export async function mailTo(server, address, before = 0) {
  for (let tries = 0; tries < 200; tries++) {
    const mails = await mailsTo(server, address);
    if (mails.length > before) return mails[before];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail came to ${address} within 20 seconds`);
}
