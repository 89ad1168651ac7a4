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

export function isObject(value) {
    return value instanceof Object && !(value instanceof Exact) && !Array.isArray(value);
}

export function write(value, indent = "") {
    if (value instanceof Exact) {
        return value.text;
    }
    if (typeof value !== "object" || value === null) {
        return JSON.stringify(value);
    }
    const deeper = indent + "  ";
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    const parts = Object.keys(value).map((key) => {
        const name = Array.isArray(value) ? "" : JSON.stringify(key) + ": ";
        return "\n" + deeper + name + write(value[key], deeper);
    });
    return open + parts.join(",") + (parts.length ? "\n" + indent : "") + close;
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
