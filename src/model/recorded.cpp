#include "model/recorded.hpp"

#include <warren/model.hpp>

#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "model/secret_walk.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace warren::model {
namespace {

constexpr std::size_t token_bytes_min = 100;  // of one with nothing inside
constexpr std::size_t odd_text_bytes_max = std::size_t{1} << 20;

const Type& type_or_unknown(const Type* type) {
    static constexpr Type unknown{.kind = Type::Kind::nothing};
    return type == nullptr ? unknown : *type;
}

struct SecretCollection {
    static constexpr bool takes_whole = false;

    const format::Keyring& keys;
    SecretTexts& secrets;

    std::optional<Value> secret(const Value& value, Secrecy, const Location& at) {
        if (value.is_text() && is_token_like(value.as_text())) {
            return plain(value, at);
        }
        secrets.add(value);
        return std::nullopt;
    }
    /// What came as a token is secret wherever it stands.
    std::optional<Value> plain(const Value& value, const Location&) {
        if (!keys.empty() && value.is_text() && is_token_like(value.as_text())) {
            if (const auto content = keys.decrypt(value.as_text())) {
                secrets.add(Value::text(*content));
            }
        }
        return std::nullopt;
    }
};

struct SecretCover {
    static constexpr bool takes_whole = true;

    std::optional<Value> secret(const Value& value, Secrecy, const Location&) {
        return value.is_null() ? std::nullopt : std::optional{Value::text(recorded_secret)};
    }
    std::optional<Value> plain(const Value&, const Location&) { return std::nullopt; }
};

/// Goes through a value that holds no secret any more where one is expected.
class Cleaning {
public:
    Cleaning(const SecretTexts& secrets, Arena& arena) noexcept
        : secrets_{secrets}, arena_{arena} {}

    Value clean(const Value& value) {
        switch (value.kind()) {
        case Value::Kind::text:
            return Value::text(text(value.as_text()));
        case Value::Kind::list: {
            const std::span<Value> items = arena_.array<Value>(value.as_list().size());
            std::ranges::transform(value.as_list(), items.begin(),
                                   [this](const Value& item) { return clean(item); });
            return Value::list(items);
        }
        case Value::Kind::map: {
            const std::span<Member> members = arena_.array<Member>(value.as_map().size());
            std::ranges::transform(value.as_map(), members.begin(), [this](const Member& member) {
                return Member{key(member.key), clean(member.value)};
            });
            return Value::map(members);
        }
        case Value::Kind::float64:
            if (!std::isfinite(value.as_float64())) {
                return Value::text(std::isnan(value.as_float64()) ? "NaN"
                                   : value.as_float64() > 0       ? "Infinity"
                                                                  : "-Infinity");
            }
            break;
        case Value::Kind::null:
        case Value::Kind::boolean:
            return value;
        case Value::Kind::int64:
        case Value::Kind::uint64:
        case Value::Kind::bytes:
            break;
        }
        const bool is_secret = !secrets_.empty() && secrets_.contains(secret_text_of(value));
        return is_secret ? Value::text(recorded_secret) : value;
    }

private:
    std::string_view text(std::string_view given) {
        if (!core::utf8_valid(given)) {
            const std::string shown = secrets_.without(given, recorded_secret);
            return arena_.copy(std::string_view{core::text_for_display(shown, odd_text_bytes_max)});
        }
        if (is_token_like(given)) {
            return recorded_secret;
        }
        return secrets_.empty()
                   ? given
                   : arena_.copy(std::string_view{secrets_.without(given, recorded_secret)});
    }

    Value key(const Value& given) {
        if (given.is_text()) {
            return Value::text(text(given.as_text()));
        }
        if (given.is_integer()) {
            return given;
        }
        std::string shown;
        static_cast<void>(format::json_encode(clean(given), shown));
        return Value::text(arena_.copy(std::string_view{shown}));
    }

    const SecretTexts& secrets_;
    Arena& arena_;
};

/// The name of the field at a position; empty: there is none.
std::string_view field_at(const Type* type, std::size_t position) {
    if (type == nullptr || type->kind != Type::Kind::model ||
        position >= type->model()->fields.size()) {
        return {};
    }
    return type->model()->fields[position].name;
}

Value name_of_argument(const Type* type, std::size_t position, Arena& arena) {
    const std::string_view field = field_at(type, position);
    return Value::text(field.empty() ? arena.copy(std::string_view{std::to_string(position)})
                                     : field);
}

}  // namespace

bool is_token_like(std::string_view text) noexcept {
    // Version 0x80 and a time whose upper bits are zero, as base64.
    return text.size() >= token_bytes_min && text.starts_with("gAAAAA") &&
           std::ranges::all_of(text, [](char character) {
               return (character >= '0' && character <= '9') ||
                      (character >= 'a' && character <= 'z') ||
                      (character >= 'A' && character <= 'Z') || character == '-' ||
                      character == '_' || character == '=';
           });
}

void collect_secrets(const Type* type, const Value& value, const format::Keyring& keys,
                     SecretTexts& secrets) {
    Arena none;
    SecretCollection collection{keys, secrets};
    treat(type_or_unknown(type), value, collection, none);
}

Value recorded(const Type* type, const Value& value, const SecretTexts& secrets, Arena& arena) {
    SecretCover cover;
    return Cleaning{secrets, arena}.clean(treat(type_or_unknown(type), value, cover, arena));
}

Value named_arguments(const Type* type, ArgumentStyle style, const Value& arguments, Arena& arena) {
    if (arguments.is_map() && style == ArgumentStyle::mixed) {
        const std::span<Member> members = arena.array<Member>(arguments.as_map().size());
        std::ranges::transform(
            arguments.as_map(), members.begin(), [&](const Member& member) -> Member {
                const bool is_position =
                    member.key.kind() == Value::Kind::int64 && member.key.as_int64() >= 0;
                return {is_position
                            ? name_of_argument(
                                  type, static_cast<std::size_t>(member.key.as_int64()), arena)
                            : member.key,
                        member.value};
            });
        return Value::map(members);
    }
    if (arguments.is_map() || arguments.is_null()) {
        return arguments.is_map() ? arguments : Value::map({});
    }
    const Value* const first = arena.copy(std::span<const Value>{&arguments, 1}).data();
    const std::span<const Value> items =
        arguments.is_list() ? arguments.as_list() : std::span<const Value>{first, 1};
    const std::span<Member> members = arena.array<Member>(items.size());
    for (std::size_t position = 0; position < items.size(); ++position) {
        members[position] = {name_of_argument(type, position, arena), items[position]};
    }
    return Value::map(members);
}

}  // namespace warren::model
