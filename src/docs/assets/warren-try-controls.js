// Parts of a form that are one control.
//
// Each part has an element, `get` (undefined: it is left out) and `set` (undefined: as it begins), and
// `at`, which finds the part that a step of a path leads to. `set` of what a part cannot show throws, and
// whoever has that part shows JSON instead.

import { Exact, make, newId, NUMBER, parseTyped, write } from "./warren-try-values.js";

export const MASK = "********"; // what stands for a secret in JSON


export class Unfit extends Error {}

export class Part {
    constructor(form, label) {
        this.form = form;
        this.label = label;
        this.error = make("p", { className: "try-error", id: newId(), hidden: true });
    }
    at() {
        return null;
    }
    fail(message) {
        this.error.hidden = false;
        this.error.append(make("span", { textContent: message }));
        const target = this.control ?? this.element;
        target.setAttribute("aria-invalid", "true");
        target.setAttribute("aria-describedby", this.error.id);
        return target;
    }
    // What was typed here has no value, so that nothing is sent; null: it has one.
    refuse(message) {
        const target = this.control ?? this.element;
        this.error.replaceChildren();
        this.error.hidden = true;
        target.removeAttribute("aria-invalid");
        target.removeAttribute("aria-describedby");
        target.classList.toggle("try-refused", message !== null);
        if (message !== null) {
            this.fail(message);
        }
    }
}

// One control.
export class Scalar extends Part {
    constructor(form, label, control) {
        super(form, label);
        control.id = newId();
        control.setAttribute("aria-label", label);
        this.control = control;
        this.element = make("div", { className: "try-control" }, control, this.error);
        const event = control.localName === "select" ? "change" : "input";
        control.addEventListener(event, () => form.changed());
    }
}

export class Text extends Scalar {
    constructor(form, label, kind, secret) {
        const isLong = !secret && kind === "text";
        super(
            form,
            label,
            make(isLong ? "textarea" : "input", {
                autocomplete: secret ? "new-password" : "off",
                spellcheck: false,
                ...(isLong ? { rows: 1 } : { type: secret ? "password" : "text" }),
            }),
        );
        this.kind = kind;
        this.secret = secret;
        this.isNumber = kind === "integer" || kind === "floating";
        if (this.isNumber && !secret) {
            this.control.inputMode = kind === "integer" ? "numeric" : "decimal";
        }
        this.clear();
    }
    clear() {
        this.control.value = "";
        this.isGiven = this.kind === "text" && !this.secret; // "" is a text, too
    }
    get() {
        const text = this.control.value;
        if (text === "" && !this.isGiven) {
            return undefined;
        }
        if (this.secret && this.form.masks) {
            return MASK;
        }
        if (this.isNumber) {
            return NUMBER.test(text.trim()) ? new Exact(text.trim()) : text;
        }
        return this.secret && this.kind === "boolean" && /^(true|false)$/.test(text)
            ? text === "true"
            : text;
    }
    set(value) {
        if (this.secret && (value === MASK || !this.form.isTyped)) {
            if (value !== MASK) {
                this.clear();
            }
            return;
        }
        if (value === undefined) {
            this.clear();
            return;
        }
        const isFit = this.isNumber || this.secret
            ? typeof value === "string" || value instanceof Exact || typeof value === "boolean"
            : typeof value === "string";
        if (!isFit) {
            throw new Unfit();
        }
        this.control.value = String(value);
    }
}

export class Choice extends Scalar {
    constructor(form, label, options) {
        const select = make("select");
        for (const [text, value] of options) {
            select.append(make("option", { textContent: text, value: write(value) }));
        }
        super(form, label, select);
        this.options = options.map(([, value]) => value);
    }
    get() {
        return this.options[this.control.selectedIndex];
    }
    set(value) {
        const at = value === undefined ? 0 : this.options.indexOf(value);
        if (at < 0 || this.options.length === 0) {
            throw new Unfit();
        }
        this.control.selectedIndex = at;
    }
}

export class Nothing extends Part {
    constructor(form, label) {
        super(form, label);
        this.element = make("p", { className: "none" }, "Nothing.", this.error);
    }
    get() {
        return null;
    }
    set(value) {
        if (value !== undefined && value !== null) {
            throw new Unfit();
        }
    }
}

// What is of any type, and what no other part can show.
export class Raw extends Scalar {
    constructor(form, label) {
        const control = make("textarea", { rows: 2, spellcheck: false, className: "try-json" });
        super(form, label + ", as JSON", control);
        this.value = null;
        control.addEventListener("input", () => this.read());
    }
    read() {
        const text = this.control.value;
        try {
            this.value = text.trim() === "" ? null : parseTyped(text);
            this.refuse(null);
        } catch (error) {
            const isNone = error instanceof SyntaxError;
            this.refuse(isNone ? 'This is no JSON, where a text is as "this" is' : error.message);
        }
        this.form.changed();
    }
    get() {
        return this.value;
    }
    set(value) {
        this.refuse(null);
        this.value = value ?? null;
        this.control.value = write(this.value);
    }
}
