/** Put what needs no bundling beside the bundles: pages, uPlot's style sheet, and the licences of what is bundled. */

import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const target = "../src/spotkick/viewer/static/";
for (const name of readdirSync("pages")) copyFileSync(`pages/${name}`, target + name);
copyFileSync("node_modules/uplot/dist/uPlot.min.css", `${target}uplot.css`);
writeFileSync(`${target}LICENSES.txt`, `uPlot (https://github.com/leeoniya/uPlot)\n\n${readFileSync("node_modules/uplot/LICENSE", "utf8")}`);
