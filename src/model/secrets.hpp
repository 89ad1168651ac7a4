#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "format/fernet/fernet.hpp"
#include "model/error_sink.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

namespace warren::model {

/// What is a secret in a request of the cyberfusion protocol: what is at a `Secret<T>` of the
/// request's type, and what is under a member with one of the names below, at any depth. Of a list
/// or a map that is every value inside. Where the type is unknown (`nothing`, `dynamic`) only the
/// names count.
bool is_secret_name(std::string_view member) noexcept;

/// Where in a request a name makes a secret, and secrets must be encrypted.
enum class SecretDepth : std::uint8_t {
    any,
    direct,  // what is a member or an argument of the request itself, and no list or map
};

enum class SecretPolicy : std::uint8_t {
    must_be_encrypted,
    accept_plaintext,  // what is no token at all is taken as it is, while callers migrate
};

/// How the tokens of requests are opened.
struct DecryptionOptions {
    const format::Keyring& keys;  // empty: nothing is encrypted
    SecretPolicy policy = SecretPolicy::must_be_encrypted;
    std::optional<format::TimeToLive> ttl{};  // none takes tokens of any age
    SecretDepth depth = SecretDepth::any;     // deeper ones are opened when they can be
};

/// Open the tokens of a request, before it is bound. Beside the secrets, a text directly in the
/// request that is a token of one of the keys is replaced by its content; other texts stay.
/// out  a value viewing the arena and whatever the given one views; what cannot be opened stays
/// err  into `errors`: secret_not_encrypted (plaintext), secret_wrong_key, secret_expired (or made
///      in the future), secret_malformed (cut, garbled, or its content is no UTF-8), every one at
///      once with its location; never any content
/// cost O(value); one decryption per token          thread any
Value decrypt(const Type& request, const Value& value, const DecryptionOptions& options,
              Arena& arena, ErrorSink& errors);

/// What becomes of a secret that is a valid token of one of the keys already.
enum class Tokens : std::uint8_t {
    encrypt_again,  // it is content that happens to look so: typed calls
    keep,           // whoever wrote the request encrypted it: untyped calls
};

/// Replace the secrets of a request by tokens: the caller's side. Numbers and truth values become
/// text first, bytes base64 text; null stays null.
/// in   keys: empty leaves the value unchanged; unix_seconds: now, the tokens' time;
///      depth: of those that a name makes secrets
/// out  a value viewing the arena and whatever the given one views
/// err  unavailable
/// cost O(value); one encryption per secret          thread any
std::expected<Value, format::FernetError> encrypt(const Type& request, const Value& value,
                                                  const format::Keyring& keys,
                                                  std::int64_t unix_seconds, Tokens tokens,
                                                  Arena& arena,
                                                  SecretDepth depth = SecretDepth::any);

/// The same for a response: what is at a `Secret<T>` of its type, and nothing else, since names
/// bind callers only.
std::expected<Value, format::FernetError> encrypt_response(const Type& response, const Value& value,
                                                           const format::Keyring& keys,
                                                           std::int64_t unix_seconds, Arena& arena);

/// Open the tokens of a response's `Secret<T>`s. What comes in plaintext is taken as it is: servers
/// without a key, and those of other makes, send no tokens.
/// err  secret_wrong_key | secret_malformed, every one at once with its location
std::expected<Value, std::vector<FieldError>> decrypt_response(const Type& response,
                                                               const Value& value,
                                                               const format::Keyring& keys,
                                                               Arena& arena);

/// What stands for a secret that is not shown.
inline constexpr std::string_view hidden_secret = "********";

/// Replace the secrets of a request by `hidden_secret`, for logs.
/// out  a value viewing the arena and whatever the given one views
Value redact(const Type& type, const Value& value, Arena& arena);

}  // namespace warren::model
