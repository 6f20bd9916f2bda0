// Bundles the browser code and the styles into the web crate's assets, which are committed: cargo needs no npm.
// `--check` writes nothing and fails when what is committed is not what these sources give.

import { readFile, readdir, writeFile, mkdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "../crates/web/assets");

const bundle = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/app.ts", style: "css/app.css" },
  outdir: assets,
  entryNames: "[name]",
  assetNames: "[name]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"],
  loader: { ".woff2": "file" },
  charset: "utf8",
  legalComments: "none",
  write: false,
});

const fresh = new Map(bundle.outputFiles.map((file) => [basename(file.path), Buffer.from(file.contents)]));
for (const name of await readdir(join(here, "static"))) {
  fresh.set(name, await readFile(join(here, "static", name)));
}
fresh.set("geist-LICENSE.txt", await readFile(join(here, "node_modules/@fontsource-variable/geist/LICENSE")));

if (process.argv.includes("--check")) {
  const committed = new Set(await readdir(assets));
  const stale = [];
  for (const [name, contents] of fresh) {
    if (!committed.delete(name) || !contents.equals(await readFile(join(assets, name)))) stale.push(name);
  }
  stale.push(...committed);
  if (stale.length > 0) {
    console.error(`crates/web/assets differs from ui/ in: ${stale.join(", ")}. Run \`npm run build\` in ui/ and commit it.`);
    process.exit(1);
  }
} else {
  await rm(assets, { recursive: true, force: true });
  await mkdir(assets, { recursive: true });
  for (const [name, contents] of fresh) await writeFile(join(assets, name), contents);
  for (const [name, contents] of fresh) console.log(`${String(contents.length).padStart(7)}  ${name}`);
}
