import { writeFileSync } from "node:fs";
import { generatedDocuments } from "./generated.ts";

for (const [name, text] of Object.entries(generatedDocuments())) {
  writeFileSync(new URL(name, import.meta.url), text);
}
