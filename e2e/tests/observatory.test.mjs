// What a public site tells browsers in its headers, judged by MDN's HTTP Observatory. TLS and the way from http to https
// are the business of whatever stands in front of the program; here the test stands there.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttp, request } from "node:http";
import { createServer as createHttps } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Server } from "../lib/server.mjs";

const run = promisify(execFile);
const open = [];
let folder;
let ports;

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return server.address().port;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "balanced-observatory-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert, ...subject]);

  let target;
  const front = createHttps({ key: await readFile(key), cert: await readFile(cert) }, (incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  const https = await listening(front);
  const http = await listening(
    createHttp(({ url }, answer) => answer.writeHead(308, { location: `https://localhost:${https}${url}` }).end()),
  );
  ports = { http, https };
  const server = await Server.start({ BALANCED_SERVE__PUBLIC_URL: `https://localhost:${https}` });
  open.push(server);
  target = new URL(server.url);
});

after(async () => {
  for (const server of open) await server.close();
  await rm(folder, { recursive: true, force: true });
});

test("the observatory gives at least 100 points, and no test fails", async () => {
  const script = fileURLToPath(new URL("../lib/observatory.mjs", import.meta.url));
  const { stdout } = await run(process.execPath, [script, String(ports.http), String(ports.https)], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "cert.pem") },
  });
  const { score, results } = JSON.parse(stdout);
  assert.deepEqual(results.filter(({ points }) => points < 0), []);
  assert.ok(score >= 100, `${score} points: ${stdout}`);
});
