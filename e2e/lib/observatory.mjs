// MDN's HTTP Observatory on two ports of this machine, in a process of its own: node reads which certificates to trust
// when it starts. Prints score and results as JSON. Usage: node observatory.mjs <http port> <https port>

import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const home = dirname(dirname(createRequire(import.meta.url).resolve("@mdn/mdn-http-observatory")));
// It would download the list of preloaded hosts when it is installed. This host is not on it.
const preloaded = join(home, "conf", "hsts-preload.json");
if (!existsSync(preloaded)) writeFileSync(preloaded, "{}");

const { retrieve } = await import(join(home, "src/retriever/retriever.js"));
const { ALL_TESTS } = await import(join(home, "src/constants.js"));
const { getScoreModifier } = await import(join(home, "src/grader/grader.js"));
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await import(join(home, "src/grader/charts.js"));

const [httpPort, httpsPort] = process.argv.slice(2);
const answers = await retrieve("localhost", { httpPort, httpsPort });
const results = ALL_TESTS.map((test) => test(answers)).map(({ result, pass }) => ({ result, pass, points: getScoreModifier(result) }));
// As its scanner adds them up: extra points count once nothing much is missing.
const sum = (points) => 100 + points.reduce((sum, one) => sum + one, 0);
const strict = sum(results.map(({ points }) => Math.min(points, 0)));
const score = strict >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(results.map(({ points }) => points)) : strict;
process.stdout.write(JSON.stringify({ score, results }));
