// Hold documents against the official validators. Usage: node validate.mjs asyncapi|openrpc FILE...
// Prints a line for each file: "ok", or what is wrong with it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const loaded = (name) => {
    const module = require(name);
    return module.default ?? module;
};
const [kind, ...files] = process.argv.slice(2);

async function asyncapi(text) {
    const { Parser } = require("@asyncapi/parser");
    const { document, diagnostics } = await new Parser().parse(text);
    const errors = diagnostics.filter((each) => each.severity === 0);
    if (errors.length > 0 || !document) {
        return errors.map((each) => `${each.path.join(".")}: ${each.message}`).join("; ") || "no document";
    }
    const silent = document.operations().all().filter((each) => !each.reply());
    return silent.length > 0 ? `no reply: ${silent.map((each) => each.id()).join(", ")}` : "ok";
}

async function openrpc(text) {
    const Ajv = loaded("ajv");
    const ajv = new Ajv({ strict: false, validateFormats: false, logger: false, validateSchema: false });
    // The one refers to the other with and without a slash at the end.
    const text_of = (name) =>
        JSON.stringify(loaded(name)).replaceAll('"https://meta.json-schema.tools"', '"https://meta.json-schema.tools/"');
    const [values, whole] = ["@json-schema-tools/meta-schema", "@open-rpc/meta-schema"].map((name) => {
        const { $schema, ...schema } = JSON.parse(text_of(name));
        return schema;
    });
    ajv.addSchema(values);
    const validate = ajv.compile(whole);
    return validate(JSON.parse(text)) ? "ok" : ajv.errorsText(validate.errors);
}

for (const file of files) {
    console.log(await { asyncapi, openrpc }[kind](readFileSync(file, "utf8")));
}
