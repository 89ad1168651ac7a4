// Values of JSON as they are written, and elements of a page that hold what others say as text.

// Values are as JSON has them, but for numbers, which stay as they were written: a browser's
// own have no more than 53 bits.

export class Exact {
    constructor(text) {
        this.text = text;
    }
    toString() {
        return this.text;
    }
}

export const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

export function parse(text) {
    return JSON.parse(text, (_, value, context) =>
        typeof value === "number" ? new Exact(context?.source ?? String(value)) : value,
    );
}

const DEPTH_MAX = 127; // of lists and maps in one another; the server has one more around them

// What somebody typed. Of keys that are there twice a browser would keep the last, and nobody would
// know.
export function parseTyped(text) {
    const open = []; // of each list null, of each map its keys
    let last;
    for (let at = 0; at < text.length; ++at) {
        const start = at;
        if (text[at] === '"') {
            for (++at; at < text.length && text[at] !== '"'; ++at) {
                at += text[at] === "\\" ? 1 : 0;
            }
            last = text.slice(start, at + 1);
        } else if (text[at] === "{" || text[at] === "[") {
            open.push(text[at] === "{" ? new Set() : null);
            if (open.length > DEPTH_MAX) {
                throw new Error(`Lists and maps stand in one another over ${DEPTH_MAX} deep`);
            }
        } else if (text[at] === "}" || text[at] === "]") {
            open.pop();
        } else if (text[at] === ":" && last && open.at(-1)) {
            const key = JSON.parse(last);
            if (open.at(-1).has(key)) {
                throw new Error(`The key ${last} is there twice`);
            }
            open.at(-1).add(key);
        }
    }
    return parse(text);
}

export function isObject(value) {
    return value instanceof Object && !(value instanceof Exact) && !Array.isArray(value);
}

// With null for the indent in one line.
export function write(value, indent = "") {
    if (value instanceof Exact) {
        return value.text;
    }
    if (typeof value !== "object" || value === null) {
        return JSON.stringify(value);
    }
    const isShort = indent === null;
    const deeper = isShort ? null : indent + "  ";
    const line = (margin) => (isShort ? "" : "\n" + margin);
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    const parts = Object.keys(value).map((key) => {
        const name = Array.isArray(value) ? "" : JSON.stringify(key) + (isShort ? ":" : ": ");
        return line(deeper) + name + write(value[key], deeper);
    });
    return open + parts.join(",") + (parts.length ? line(indent) : "") + close;
}

// Elements.

let ids = 0;
export const newId = () => "try:" + ++ids;

export function make(name, properties = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (key.includes("-") || key === "role" || key === "for") {
            element.setAttribute(key, value);
        } else {
            element[key] = value;
        }
    }
    element.append(...children);
    return element;
}

export function button(text, action, properties = {}) {
    const made = make("button", { type: "button", textContent: text, ...properties });
    made.addEventListener("click", action);
    return made;
}
