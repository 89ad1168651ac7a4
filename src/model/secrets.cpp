#include "model/secrets.hpp"

#include "core/base64.hpp"
#include "core/utf8.hpp"
#include "model/number.hpp"
#include "model/secret_walk.hpp"

#include <optional>

namespace warren::model {
namespace {

// Version 0x80 and a time whose upper bits are zero, as base64: so begins every token.
constexpr std::string_view token_start = "gAAAAA";

struct Decryption {
    static constexpr bool takes_whole = false;

    const DecryptionOptions& options;
    Arena& arena;
    ErrorSink& errors;
    bool decrypts_others = true;  // texts directly in the value that are tokens

    std::optional<Value> secret(const Value& value, Secrecy, const Location& at) {
        if (value.is_null()) {
            return std::nullopt;
        }
        if (options.depth == SecretDepth::direct && !is_direct(at)) {
            return opened(value, at);
        }
        if (!value.is_text() || !value.as_text().starts_with(token_start)) {
            if (options.policy == SecretPolicy::must_be_encrypted) {
                errors.add(at, "secret_not_encrypted", "Input should be encrypted");
            }
            return std::nullopt;
        }
        const auto content = options.keys.decrypt(value.as_text(), options.ttl);
        if (content) {
            return checked(*content, at);
        }
        switch (content.error()) {
        case format::FernetError::wrong_key:
            errors.add(at, "secret_wrong_key",
                       "Input should be encrypted under a key of this server");
            break;
        case format::FernetError::expired:
            errors.add(at, "secret_expired", "Input should have been encrypted more recently");
            break;
        case format::FernetError::from_the_future:
            errors.add(at, "secret_expired",
                       "Input should have been encrypted in the past: the clocks differ");
            break;
        case format::FernetError::malformed:
        case format::FernetError::padding:
        case format::FernetError::unavailable:
            errors.add(at, "secret_malformed", "Input should be a whole, valid Fernet token");
            break;
        }
        return std::nullopt;
    }

    std::optional<Value> plain(const Value& value, const Location& at) {
        const bool is_member = at.before != nullptr && is_direct(at);
        return decrypts_others && is_member ? opened(value, at) : std::nullopt;
    }

private:
    /// What may be a token, or not.
    std::optional<Value> opened(const Value& value, const Location& at) {
        if (!value.is_text() || !value.as_text().starts_with(token_start)) {
            return std::nullopt;
        }
        const auto content = options.keys.decrypt(value.as_text(), options.ttl);
        return content ? checked(*content, at) : std::nullopt;
    }

    std::optional<Value> checked(std::string_view content, const Location& at) {
        if (!core::utf8_valid(content)) {
            errors.add(at, "secret_malformed", "The encrypted content should be UTF-8 text");
            return std::nullopt;
        }
        return Value::text(arena.copy(content));
    }
};

struct Encryption {
    static constexpr bool takes_whole = false;

    const format::Keyring& keys;
    std::int64_t unix_seconds;
    Tokens tokens;
    Arena& arena;
    SecretDepth depth = SecretDepth::any;
    std::optional<format::FernetError> error{};

    std::optional<Value> secret(const Value& value, Secrecy secrecy, const Location& at) {
        const bool is_left = depth == SecretDepth::direct && !secrecy.by_type && !is_direct(at);
        if (value.is_null() || error || is_left) {
            return std::nullopt;
        }
        if (value.is_text()) {
            const bool keep = tokens == Tokens::keep && keys.decrypt(value.as_text()).has_value();
            return keep ? std::nullopt : token(value.as_text());
        }
        if (value.kind() == Value::Kind::boolean) {
            return token(value.as_boolean() ? "true" : "false");
        }
        if (value.kind() == Value::Kind::bytes) {
            return token(core::base64_encode(value.as_bytes()));
        }
        return token(to_text(value));
    }

    std::optional<Value> plain(const Value&, const Location&) { return std::nullopt; }

private:
    std::optional<Value> token(std::string_view content) {
        const auto made = keys.encrypt(content, unix_seconds);
        if (!made) {
            error = made.error();
            return std::nullopt;
        }
        return Value::text(arena.copy(*made));
    }
};

std::expected<Value, format::FernetError> encrypted(const Type& type, const Value& value,
                                                    Encryption encryption, SecretsBy by) {
    if (encryption.keys.empty()) {
        return value;
    }
    const Value closed = treat(type, value, encryption, encryption.arena, by);
    if (encryption.error) {
        return std::unexpected{*encryption.error};
    }
    return closed;
}

struct Redaction {
    static constexpr bool takes_whole = true;

    std::optional<Value> secret(const Value& value, Secrecy, const Location&) {
        return value.is_null() ? std::nullopt : std::optional{Value::text(hidden_secret)};
    }
    std::optional<Value> plain(const Value&, const Location&) { return std::nullopt; }
};

}  // namespace

Value decrypt(const Type& request, const Value& value, const DecryptionOptions& options,
              Arena& arena, ErrorSink& errors) {
    if (options.keys.empty()) {
        return value;
    }
    Decryption decryption{.options = options, .arena = arena, .errors = errors};
    return treat(request, value, decryption, arena);
}

std::expected<Value, format::FernetError> encrypt(const Type& request, const Value& value,
                                                  const format::Keyring& keys,
                                                  std::int64_t unix_seconds, Tokens tokens,
                                                  Arena& arena, SecretDepth depth) {
    return encrypted(request, value,
                     {.keys = keys,
                      .unix_seconds = unix_seconds,
                      .tokens = tokens,
                      .arena = arena,
                      .depth = depth},
                     SecretsBy::type_and_name);
}

std::expected<Value, format::FernetError> encrypt_response(const Type& response, const Value& value,
                                                           const format::Keyring& keys,
                                                           std::int64_t unix_seconds,
                                                           Arena& arena) {
    return encrypted(response, value,
                     {.keys = keys,
                      .unix_seconds = unix_seconds,
                      .tokens = Tokens::encrypt_again,
                      .arena = arena},
                     SecretsBy::type);
}

std::expected<Value, std::vector<FieldError>> decrypt_response(const Type& response,
                                                               const Value& value,
                                                               const format::Keyring& keys,
                                                               Arena& arena) {
    if (keys.empty()) {
        return value;
    }
    const DecryptionOptions options{.keys = keys, .policy = SecretPolicy::accept_plaintext};
    ErrorSink errors;
    Decryption decryption{
        .options = options, .arena = arena, .errors = errors, .decrypts_others = false};
    const Value opened = treat(response, value, decryption, arena, SecretsBy::type);
    if (errors.count() != 0) {
        return std::unexpected{errors.take()};
    }
    return opened;
}

Value redact(const Type& type, const Value& value, Arena& arena) {
    Redaction redaction;
    return treat(type, value, redaction, arena);
}

}  // namespace warren::model
