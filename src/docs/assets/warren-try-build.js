// Which part of a form a type has, and which part a value.

import { contract, isSecret, kindOf } from "./warren-try-contract.js";
import { Choice, Nothing, Raw, Text, Unfit } from "./warren-try-controls.js";
import { Entries, Model, Switched, Union } from "./warren-try-parts.js";

const DEPTH_MAX = 8; // of parts in parts that nobody gave a value
export const PARTS_MAX = 1000; // that a form makes at once; what is more is shown as JSON

export function build(form, label, type, secret, depth) {
    const kind = kindOf(type);
    switch (kind) {
        case "nothing":
            return new Nothing(form, label);
        case "optional":
            return new Switched(form, label, type.elements[0], secret, depth);
        case "secret":
            return build(form, label, type.elements[0], true, depth);
        case "boolean":
            return secret
                ? new Text(form, label, kind, true)
                : new Choice(form, label, [["false", false], ["true", true]]);
        case "enumeration": {
            const found = contract.enumerations.get(type.reference)?.enumerators ?? [];
            return secret
                ? new Text(form, label, kind, true)
                : new Choice(form, label, found.map(({ name }) => [name, name]));
        }
        case "model":
            return new Model(form, label, type, secret, depth);
        case "list":
        case "set":
        case "array":
        case "map":
            return new Entries(form, label, type, secret, depth);
        case "choice":
            return new Union(form, label, type, secret, depth);
        case "dynamic":
            return secret ? new Text(form, label, kind, true) : new Raw(form, label);
        default:
            return new Text(form, label, kind, secret);
    }
}

// The part for a value: of its type, or JSON where that cannot show it. What is nested deeper
// than a form shows by itself begins as JSON, too.
export function fitting(form, label, type, secret, depth, value) {
    const isHidden = secret || isSecret(type);
    if (--form.budget < -PARTS_MAX && isHidden) {
        throw new Error(`A form holds no more than ${PARTS_MAX} secrets`);
    }
    if ((form.budget > 0 && (depth < DEPTH_MAX || value !== undefined)) || isHidden) {
        try {
            const part = build(form, label, type, secret, depth);
            part.set(value);
            return part;
        } catch (error) {
            if (!(error instanceof Unfit)) {
                throw error;
            }
        }
    }
    const raw = isHidden ? new Text(form, label, "text", true) : new Raw(form, label);
    raw.set(value);
    return raw;
}

// Another value for what is there, by another part where that cannot show it.
export function refit(part, args, value) {
    const isRaw = part instanceof Raw && kindOf(args[2]) !== "dynamic";
    try {
        if (!isRaw) {
            part.set(value);
            return part;
        }
    } catch (error) {
        if (!(error instanceof Unfit)) {
            throw error;
        }
    }
    const other = fitting(...args, value);
    part.element.replaceWith(other.element);
    return other;
}
