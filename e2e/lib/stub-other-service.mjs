// A service of somebody else that one may sign in with, as far as a person sees it: one page, on which one says yes or no.

import { createServer } from "node:http";

/** Answers any address with that page; both ways lead back to whoever asked. */
export function identify(request, answer) {
  const { searchParams } = new URL(request.url, "http://127.0.0.1");
  const yes = new URL(searchParams.get("redirect_uri"));
  yes.searchParams.set("state", searchParams.get("state"));
  const no = new URL(yes);
  yes.searchParams.set("code", "from-the-other-service");
  no.searchParams.set("error", "access_denied");
  answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  answer.end(`<!doctype html><html lang="en"><title>Other service</title><link rel="icon" href="data:,"><h1>Other service</h1>
    <p><a href="${escape(yes)}">Yes, it is me</a> <a href="${escape(no)}">No</a></p></html>`);
}

function escape(text) {
  return String(text).replace(/[&"<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** A server on this machine, on a port of the system's choice. */
export async function listen(handler, port = 0) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

export function address(server) {
  return `http://127.0.0.1:${server.address().port}`;
}
