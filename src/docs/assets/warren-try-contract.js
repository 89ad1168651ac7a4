// What the forms know of a contract.

import { Exact, isObject, parse } from "./warren-try-values.js";

// The contract, once for all forms.

export let contract; // until it is there: undefined

async function read() {
    const answer = await fetch("contract.json");
    if (!answer.ok) {
        throw new Error("The contract cannot be loaded: " + answer.status);
    }
    const document = parse(await answer.text());
    const byId = (list) => new Map((list ?? []).map((entry) => [entry.id, entry]));
    return {
        methods: new Map(document.methods.map((method) => [method.name, method])),
        models: byId(document.models),
        enumerations: byId(document.enumerations),
    };
}

export async function load() {
    contract ??= await read();
}

export const kindOf = (type) => type.kind ?? "nothing";

export function isSecret(type) {
    const kind = kindOf(type);
    return kind === "secret" || (kind === "optional" && isSecret(type.elements[0]));
}

// The names that make a secret of all that is inside, as the server has them.
const SECRET_NAMES = new Set([
    "secret_values",
    "passphrase",
    "password",
    "admin_password",
    "database_user_password",
]);

// Whether a field is a secret as a whole, and not only as far as its type says.
export function isSecretByName({ name, type, is_secret }) {
    return SECRET_NAMES.has(name) || (Boolean(is_secret) && !holdsSecret(type));
}

// Whether something inside is a secret by itself, and not by the name of what it is in.
export function holdsSecret(type, seen = new Set()) {
    if (kindOf(type) === "secret") {
        return true;
    }
    if (kindOf(type) === "model" && !seen.has(type.reference)) {
        seen.add(type.reference);
        return (contract.models.get(type.reference)?.fields ?? []).some(
            (field) => field.is_secret,
        );
    }
    return (type.elements ?? []).some((element) => holdsSecret(element, seen));
}

const WORDS = {
    nothing: "nothing",
    boolean: "true or false",
    integer: "whole number",
    floating: "number",
    text: "text",
    bytes: "bytes, as base64",
    uuid: "UUID",
    timestamp: "time, as 2026-01-31T12:00:00Z",
    duration: "duration, as PT90S",
    absolute_path: "absolute path",
    relative_path: "relative path",
    dynamic: "anything, as JSON",
    list: "list",
    set: "set",
    array: "list",
    map: "by key",
    choice: "one of several",
};

export function wordsOf(type) {
    const kind = kindOf(type);
    if (kind === "optional") {
        return wordsOf(type.elements[0]) + " or null";
    }
    if (kind === "secret") {
        return wordsOf(type.elements[0]);
    }
    const named = kind === "model" ? contract.models : contract.enumerations;
    return WORDS[kind] ?? named.get(type.reference)?.name ?? kind;
}

// How well a value fits to a type: of models, those that have its members.
export function score(type, value) {
    const kind = kindOf(type);
    if (kind === "optional" || kind === "secret") {
        return score(type.elements[0], value);
    }
    if (isObject(value)) {
        const names = (contract.models.get(type.reference)?.fields ?? []).map(
            (field) => field.name,
        );
        return Object.keys(value).filter((key) => names.includes(key)).length;
    }
    if (value instanceof Exact) {
        const isWhole = /^-?\d+$/.test(value.text);
        return kind === (isWhole ? "integer" : "floating") ? 2 : kind === "floating" ? 1 : 0;
    }
    return typeof value === "string" && (kind === "integer" || kind === "floating") ? -1 : 0;
}
