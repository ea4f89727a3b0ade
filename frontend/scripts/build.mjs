/**
 * Build the pages: `node scripts/build.mjs [FOLDER]`, by default into the package. The same sources and lock file give the same bytes.
 *
 * Bundles the scripts, and puts what needs no bundling beside them: pages with the parts they share, uPlot's style sheet, and the
 * licences of what is bundled.
 */

import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = resolve(process.argv[2] ?? join(root, "../src/spotkick/viewer/static"));
mkdirSync(target, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/match.ts", "src/reel.ts", "src/start.ts"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  outdir: target,
});
/** A page, with what it shares with other pages in the place of `<!-- part: NAME -->`, indented as that line is. */
function assemble(page) {
  return page.replace(/^( *)<!-- part: (\w+) -->$/gm, (_, indent, name) =>
    readFileSync(join(root, "parts", `${name}.html`), "utf8").trimEnd().replace(/^(?=.)/gm, indent),
  );
}

for (const name of readdirSync(join(root, "pages"))) {
  const source = join(root, "pages", name);
  if (name.endsWith(".html")) writeFileSync(join(target, name), assemble(readFileSync(source, "utf8")));
  else copyFileSync(source, join(target, name));
}
copyFileSync(join(root, "node_modules/uplot/dist/uPlot.min.css"), join(target, "uplot.css"));
const licence = readFileSync(join(root, "node_modules/uplot/LICENSE"), "utf8");
writeFileSync(join(target, "LICENSES.txt"), `uPlot (https://github.com/leeoniya/uPlot)\n\n${licence}`);
