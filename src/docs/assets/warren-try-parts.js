// Parts of a form that have others in them.

import { build, fitting, PARTS_MAX, refit } from "./warren-try-build.js";
import {
    contract,
    holdsSecret,
    isSecret,
    isSecretByName,
    kindOf,
    score,
    wordsOf,
} from "./warren-try-contract.js";
import { Part, Unfit } from "./warren-try-controls.js";
import { button, isObject, make } from "./warren-try-values.js";

// A part of another type that may be null or left out, and is made once it is there.
export class Switched extends Part {
    constructor(form, label, type, secret, depth) {
        super(form, label);
        this.args = [form, label, type, secret, depth];
        this.box = make("input", { type: "checkbox", checked: true });
        this.box.setAttribute("aria-label", label + " is null");
        this.place = make("div", { className: "try-inside", hidden: true });
        const null_ = make("label", { className: "try-null" }, this.box, "null");
        this.element = make("div", { className: "try-switch" }, this.place, null_, this.error);
        this.control = this.box;
        this.inner = null;
        this.box.addEventListener("change", () => {
            this.show();
            form.changed();
        });
    }
    show(initial) {
        this.place.hidden = this.box.checked;
        if (!this.box.checked && !this.inner) {
            this.inner = fitting(...this.args, initial);
            this.place.append(this.inner.element);
        }
    }
    begin() {
        this.box.checked = false;
        this.show();
    }
    get() {
        return this.box.checked ? null : this.inner.get();
    }
    set(value) {
        this.box.checked = value === null || value === undefined;
        if (!this.box.checked && this.inner) {
            this.inner = refit(this.inner, this.args, value);
        }
        this.show(value);
    }
    at(step) {
        return this.box.checked ? null : this.inner.at(step);
    }
    fail(message) {
        return this.box.checked ? super.fail(message) : this.inner.fail(message);
    }
}

// A field of a model; of one that may be left out, the switch that says so.
class Field {
    constructor(form, field, secret, depth) {
        this.field = field;
        this.isRequired = field.required ?? true;
        const byName = secret || isSecretByName(field);
        this.args = [form, field.name, field.type, byName, depth];
        this.place = make("div", { className: "try-inside" });
        const name = make("code", { textContent: field.name });
        const type = make("span", { className: "type", textContent: wordsOf(field.type) });
        const head = make("div", { className: "try-head" });
        if (this.isRequired) {
            const must = make("span", { className: "must", textContent: "required" });
            this.name = make("label", { className: "try-name" }, name);
            head.append(this.name, type, must);
        } else {
            this.box = make("input", { type: "checkbox" });
            this.box.addEventListener("change", () => {
                this.begin();
                form.changed();
            });
            head.append(make("label", { className: "try-name" }, this.box, name), type);
        }
        if (byName || isSecret(field.type)) {
            type.append(make("span", { className: "try-secret", textContent: "secret" }));
        }
        this.element = make("li", { className: "try-field" }, head, this.place);
    }
    // With a value that it may have, as whoever gives one does not mean null.
    begin() {
        this.show((this.field.examples ?? [])[0] ?? this.field.default_value ?? undefined);
        if (this.isSent() && this.part.get() === null) {
            this.part.begin?.();
        }
    }
    isSent() {
        return this.isRequired || this.box.checked;
    }
    show(initial) {
        this.place.hidden = !this.isSent();
        if (this.isSent() && !this.part) {
            this.part = fitting(...this.args, initial);
            this.place.append(this.part.element);
        }
        if (this.isRequired && this.part.control) {
            this.name.htmlFor = this.part.control.id;
        }
    }
    get() {
        return this.isSent() ? this.part.get() : undefined;
    }
    set(value) {
        if (this.box) {
            this.box.checked = value !== undefined;
        }
        if (this.part && this.isSent()) {
            this.part = refit(this.part, this.args, value);
        }
        this.show(value);
    }
    // A failure of what is not sent: it has to be.
    fail(message) {
        if (!this.isSent()) {
            this.box.checked = true;
            this.begin();
        }
        return this.part.fail(message);
    }
    at(step) {
        return this.isSent() ? this.part.at(step) : null;
    }
}

class Group extends Part {
    constructor(form, label) {
        super(form, label);
        this.element = make("div", { role: "group", "aria-label": label, tabIndex: -1 });
    }
}

export class Model extends Group {
    constructor(form, label, type, secret, depth) {
        super(form, label);
        const model = contract.models.get(type.reference) ?? {};
        this.fields = new Map();
        this.extra = Object.create(null);
        this.list = make("ul", { className: "try-fields" });
        for (const field of model.fields ?? []) {
            const made = new Field(form, field, secret, depth + 1);
            this.fields.set(field.name, made);
            this.list.append(made.element);
        }
        if (this.fields.size === 0) {
            this.list = make("p", { className: "none", textContent: "No fields." });
        }
        this.element.append(this.list, this.error);
        this.element.classList.toggle("try-nested", depth > 0);
    }
    get() {
        const value = Object.create(null);
        for (const [name, field] of this.fields) {
            const held = field.get();
            if (held !== undefined) {
                value[name] = held;
            }
        }
        return Object.assign(value, this.extra);
    }
    set(value) {
        if (value !== undefined && !isObject(value)) {
            throw new Unfit();
        }
        const given = new Map(Object.entries(value ?? {}));
        for (const [name, field] of this.fields) {
            field.set(given.get(name));
            given.delete(name);
        }
        this.extra = Object.create(null);
        given.forEach((held, name) => (this.extra[name] = held));
    }
    at(step) {
        return this.fields.get(step) ?? null;
    }
}

// A list or a map: any number of entries.
export class Entries extends Group {
    constructor(form, label, type, secret, depth) {
        super(form, label);
        this.type = type;
        this.isMap = kindOf(type) === "map";
        this.length = kindOf(type) === "array" ? Number(type.length) : null;
        this.inside = [type.elements[0], secret, depth + 1];
        this.entries = [];
        this.list = make("ol", { className: "try-entries" });
        this.element.append(this.list);
        if (this.length === null) {
            const what = this.isMap ? "Add an entry" : "Add an item";
            this.more = button(what, () => {
                const { part } = this.add();
                part.begin?.();
                this.checkKeys();
                part.element.querySelector("input, select, textarea")?.focus();
                form.changed();
            }, { className: "try-more", "aria-label": what + " to " + label });
            this.element.append(this.more);
        }
        this.element.append(this.error);
    }
    add(value, key = "") {
        const entry = { key: null };
        const label = this.label + " " + (this.entries.length + 1);
        entry.args = [this.form, label, ...this.inside];
        entry.part = fitting(...entry.args, value);
        entry.element = make("li");
        if (this.isMap) {
            entry.key = make("input", {
                value: key,
                className: "try-key",
                placeholder: "key",
                autocomplete: "off",
                spellcheck: false,
                "aria-label": "Key of " + label,
            });
            entry.key.addEventListener("input", () => {
                this.checkKeys();
                this.form.changed();
            });
            entry.element.append(entry.key);
        }
        entry.element.append(make("div", { className: "try-inside" }, entry.part.element));
        if (this.length === null) {
            const remove = () => {
                this.drop(entry);
                this.checkKeys();
                this.more.focus();
                this.form.changed();
            };
            const properties = { className: "try-less", "aria-label": "Remove " + label };
            entry.element.append(button("Remove", remove, properties));
        }
        this.entries.push(entry);
        this.list.append(entry.element);
        return entry;
    }
    drop(entry) {
        entry.element.remove();
        this.entries.splice(this.entries.indexOf(entry), 1);
    }
    checkKeys() {
        if (!this.isMap) {
            return;
        }
        const seen = new Set();
        const isTwice = ({ key }) => seen.has(key.value) || !seen.add(key.value);
        const twice = this.entries.find(isTwice);
        this.refuse(twice ? `The key ${JSON.stringify(twice.key.value)} is there twice` : null);
    }
    get() {
        // What is left empty in a list has its place all the same.
        if (!this.isMap) {
            return this.entries.map((entry) => entry.part.get() ?? null);
        }
        const value = Object.create(null);
        for (const entry of this.entries) {
            value[entry.key.value] = entry.part.get() ?? null;
        }
        return value;
    }
    set(value) {
        if (value !== undefined && !(this.isMap ? isObject(value) : Array.isArray(value))) {
            throw new Unfit();
        }
        const given = Object.entries(value ?? (this.isMap ? {} : []));
        while (given.length < (this.length ?? 0)) {
            given.push([String(given.length), undefined]);
        }
        if (this.length !== null && given.length > this.length) {
            throw new Unfit();
        }
        const isHidden = this.inside[1] || holdsSecret(this.inside[0]);
        if (given.length > (isHidden ? PARTS_MAX : Math.max(this.form.budget, 0))) {
            // As JSON a secret would be shown.
            throw isHidden ? new Error(`A form holds no more than ${PARTS_MAX} secrets`) : new Unfit();
        }
        this.entries.slice(given.length).forEach((entry) => this.drop(entry));
        given.forEach(([key, held], at) => {
            const entry = this.entries[at];
            if (!entry) {
                this.add(held, key);
                return;
            }
            entry.part = refit(entry.part, entry.args, held);
            if (entry.key) {
                entry.key.value = key;
            }
        });
        this.checkKeys();
    }
    at(step) {
        const isThis = (entry) => entry.key.value === step;
        return (this.isMap ? this.entries.find(isThis) : this.entries[step])?.part ?? null;
    }
}

// One of several types: which, and its part.
export class Union extends Group {
    constructor(form, label, type, secret, depth) {
        super(form, label);
        this.types = type.elements;
        this.inside = [secret, depth + 1];
        this.select = make("select", { "aria-label": "Which of " + label });
        this.types.forEach((each) => {
            this.select.append(make("option", { textContent: wordsOf(each) }));
        });
        this.place = make("div", { className: "try-inside" });
        this.select.addEventListener("change", () => {
            this.choose(this.select.selectedIndex);
            form.changed();
        });
        this.element.append(this.select, this.place, this.error);
    }
    choose(at, value) {
        this.select.selectedIndex = at;
        this.part = build(this.form, this.label, this.types[at], ...this.inside);
        this.part.set(value);
        this.place.replaceChildren(this.part.element);
    }
    get() {
        return this.part.get();
    }
    // The type that it had, if that fits; else the first that does.
    set(value) {
        const own = Math.max(this.select.selectedIndex, 0);
        const order = [own, ...this.types.keys()].sort(
            (left, right) => score(this.types[right], value) - score(this.types[left], value),
        );
        for (const at of order) {
            try {
                if (this.part && at === this.select.selectedIndex) {
                    this.part.set(value);
                } else {
                    this.choose(at, value);
                }
                return;
            } catch (error) {
                if (!(error instanceof Unfit)) {
                    throw error;
                }
            }
        }
        throw new Unfit();
    }
    // A step may name a type.
    at(step) {
        const type = this.types[this.select.selectedIndex];
        return contract.models.get(type.reference)?.name === step ? this.part : this.part.at(step);
    }
}
