#include "model/secrets.hpp"

#include <warren/model.hpp>

#include "core/base64.hpp"
#include "core/utf8.hpp"
#include "model/error_sink.hpp"
#include "model/number.hpp"
#include "model/own_kind.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace warren::model {
namespace {

constexpr std::array<std::string_view, 5> secret_names{"secret_values", "passphrase", "password",
                                                       "admin_password", "database_user_password"};

// Version 0x80 and a time whose upper bits are zero, as base64: so begins every token.
constexpr std::string_view token_start = "gAAAAA";

// The types that a value may be of: several inside of a union.
using Candidates = boost::container::small_vector<const Type*, 4>;

/// Look through optionals and unions.
void add_candidates(const Type& type, Candidates& candidates) {
    switch (type.kind) {
    case Type::Kind::optional:
        add_candidates(*type.element, candidates);
        return;
    case Type::Kind::choice:
        for (const Type* alternative : type.alternatives) {
            add_candidates(*alternative, candidates);
        }
        return;
    default:
        candidates.push_back(&type);
        return;
    }
}

Candidates candidates_of(const Type& type) {
    Candidates candidates;
    add_candidates(type, candidates);
    // The only argument of a plain function may stand alone.
    if (type.kind == Type::Kind::model && type.model()->shape == ModelShape::parameters &&
        type.model()->fields.size() == 1) {
        add_candidates(*type.model()->fields.front().type, candidates);
    }
    return candidates;
}

/// Whether a value is a secret by its type. Beside alternatives that are none, a secret one counts
/// when the value could be its content or its token.
bool is_secret(const Candidates& candidates, const Value& value) noexcept {
    return std::ranges::any_of(candidates, [&](const Type* type) {
        return type->kind == Type::Kind::secret &&
               (candidates.size() == 1 || value.is_text() || is_own_kind(*type->element, value));
    });
}

void add_member(const Candidates& parents, std::string_view name, Candidates& candidates) {
    for (const Type* parent : parents) {
        if (parent->kind == Type::Kind::map) {
            add_candidates(*parent->element, candidates);
        } else if (parent->kind == Type::Kind::model) {
            if (const Field* field = parent->model()->find(name)) {
                add_candidates(*field->type, candidates);
            }
        }
    }
}

/// A list is a list, or the arguments of a call by position.
/// out  the item's name, where it is such an argument
std::string_view add_item(const Candidates& parents, std::size_t index, Candidates& candidates) {
    std::string_view name;
    for (const Type* parent : parents) {
        if (parent->kind == Type::Kind::list || parent->kind == Type::Kind::set ||
            parent->kind == Type::Kind::array) {
            add_candidates(*parent->element, candidates);
        } else if (parent->kind == Type::Kind::model && index < parent->model()->fields.size()) {
            const Field& field = parent->model()->fields[index];
            add_candidates(*field.type, candidates);
            name = field.name;
        }
    }
    return name;
}

enum class SecretsBy : std::uint8_t { type_and_name, type };

/// What makes a value a secret; a list's or map's holds for all inside.
struct Secrecy {
    bool by_type = false;
    bool by_name = false;

    explicit operator bool() const noexcept { return by_type || by_name; }
    Secrecy operator|(Secrecy other) const noexcept {
        return {by_type || other.by_type, by_name || other.by_name};
    }
};

/// The request itself, or a member or argument of it.
bool is_direct(const Location& at) noexcept {
    return at.before == nullptr || at.before->before == nullptr;
}

/// Walks over a value beside its type and gives every secret to a treatment. What the treatment
/// leaves alone is not copied.
template <typename Treatment>
class Walk {
public:
    Walk(Treatment& treatment, Arena& arena, SecretsBy by) noexcept
        : treatment_{treatment}, arena_{arena}, by_{by} {}

    /// out  the new value; nullopt when it stays as it is
    std::optional<Value> walk(const Value& value, const Candidates& candidates, Secrecy secret,
                              const Location& at) {
        secret.by_type = secret.by_type || is_secret(candidates, value);
        if (secret && Treatment::takes_whole) {
            return treatment_.secret(value, secret, at);
        }
        switch (value.kind()) {
        case Value::Kind::list:
            return list(value, candidates, secret, at);
        case Value::Kind::map:
            return map(value, candidates, secret, at);
        default:
            if (!secret && at.step == Location::Step::root) {
                secret.by_name = is_secret_argument(value, candidates);
            }
            return secret ? treatment_.secret(value, secret, at) : treatment_.plain(value, at);
        }
    }

private:
    Secrecy named(std::string_view member) const {
        return {.by_name = by_ == SecretsBy::type_and_name && is_secret_name(member)};
    }

    /// A bare value for a request is its first field: see `bind_arguments`.
    bool is_secret_argument(const Value& value, const Candidates& candidates) const {
        if (by_ == SecretsBy::type) {
            return false;
        }
        Candidates fields;
        return is_secret_name(add_item(candidates, 0, fields)) || is_secret(fields, value);
    }

    std::optional<Value> list(const Value& value, const Candidates& candidates, Secrecy secret,
                              const Location& at) {
        const std::span<const Value> items = value.as_list();
        std::span<Value> changed;
        for (std::size_t index = 0; index < items.size(); ++index) {
            Candidates item;
            const std::string_view name = add_item(candidates, index, item);
            const auto replaced = walk(items[index], item, secret | named(name), at.in(index));
            if (!replaced) {
                continue;
            }
            if (changed.empty()) {
                changed = arena_.array<Value>(items.size());
                std::ranges::copy(items, changed.begin());
            }
            changed[index] = *replaced;
        }
        return changed.empty() ? std::nullopt : std::optional{Value::list(changed)};
    }

    std::optional<Value> map(const Value& value, const Candidates& candidates, Secrecy secret,
                             const Location& at) {
        const std::span<const Member> members = value.as_map();
        std::span<Member> changed;
        for (std::size_t index = 0; index < members.size(); ++index) {
            const Member& member = members[index];
            Candidates content;
            Location here = at.in(index);
            Secrecy by_key;
            if (member.key.is_text()) {
                here = at.in(member.key.as_text());
                by_key = named(member.key.as_text());
                add_member(candidates, member.key.as_text(), content);
            } else if (member.key.kind() == Value::Kind::int64 && member.key.as_int64() >= 0) {
                // An argument by its position, beside others by name: see `ArgumentStyle`.
                const auto position = static_cast<std::size_t>(member.key.as_int64());
                by_key = named(add_item(candidates, position, content));
            }
            const auto replaced = walk(member.value, content, secret | by_key, here);
            if (!replaced) {
                continue;
            }
            if (changed.empty()) {
                changed = arena_.array<Member>(members.size());
                std::ranges::copy(members, changed.begin());
            }
            changed[index].value = *replaced;
        }
        return changed.empty() ? std::nullopt : std::optional{Value::map(changed)};
    }

    Treatment& treatment_;
    Arena& arena_;
    SecretsBy by_;
};

template <typename Treatment>
Value treat(const Type& type, const Value& value, Treatment& treatment, Arena& arena,
            SecretsBy by = SecretsBy::type_and_name) {
    Walk<Treatment> walk{treatment, arena, by};
    return walk.walk(value, candidates_of(type), {}, Location{}).value_or(value);
}

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

struct Redaction {
    static constexpr bool takes_whole = true;

    std::optional<Value> secret(const Value& value, Secrecy, const Location&) {
        return value.is_null() ? std::nullopt : std::optional{Value::text("********")};
    }
    std::optional<Value> plain(const Value&, const Location&) { return std::nullopt; }
};

}  // namespace

bool is_secret_name(std::string_view member) noexcept {
    return std::ranges::find(secret_names, member) != secret_names.end();
}

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
    if (keys.empty()) {
        return value;
    }
    Encryption encryption{.keys = keys,
                          .unix_seconds = unix_seconds,
                          .tokens = tokens,
                          .arena = arena,
                          .depth = depth};
    const Value closed = treat(request, value, encryption, arena);
    if (encryption.error) {
        return std::unexpected{*encryption.error};
    }
    return closed;
}

std::expected<Value, format::FernetError> encrypt_response(const Type& response, const Value& value,
                                                           const format::Keyring& keys,
                                                           std::int64_t unix_seconds,
                                                           Arena& arena) {
    if (keys.empty()) {
        return value;
    }
    Encryption encryption{.keys = keys,
                          .unix_seconds = unix_seconds,
                          .tokens = Tokens::encrypt_again,
                          .arena = arena};
    const Value closed = treat(response, value, encryption, arena, SecretsBy::type);
    if (encryption.error) {
        return std::unexpected{*encryption.error};
    }
    return closed;
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
