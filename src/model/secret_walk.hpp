#pragma once

#include <warren/arena.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "model/error_sink.hpp"
#include "model/secrets.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace warren::model {

// The types that a value may be of: several inside of a union.
using Candidates = boost::container::small_vector<const Type*, 4>;

Candidates candidates_of(const Type& type);
/// Whether a value is a secret by its type. Beside alternatives that are none, a secret one counts
/// when the value could be its content or its token.
bool is_secret(const Candidates& candidates, const Value& value) noexcept;
void add_member(const Candidates& parents, std::string_view name, Candidates& candidates);
/// A list is a list, or the arguments of a call by position.
/// out  the item's name, where it is such an argument
std::string_view add_item(const Candidates& parents, std::size_t index, Candidates& candidates);

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
inline bool is_direct(const Location& at) noexcept {
    return at.before == nullptr || at.before->before == nullptr;
}

/// Knows which parts of a value are secrets, by their types and by their names, and gives each to a
/// treatment. Must not know what a treatment does; what it leaves alone is not copied.
template <typename Treatment>
class SecretWalk {
public:
    SecretWalk(Treatment& treatment, Arena& arena, SecretsBy by) noexcept
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

/// out  the value as the treatment has made it
template <typename Treatment>
Value treat(const Type& type, const Value& value, Treatment& treatment, Arena& arena,
            SecretsBy by = SecretsBy::type_and_name) {
    SecretWalk<Treatment> walk{treatment, arena, by};
    return walk.walk(value, candidates_of(type), {}, Location{}).value_or(value);
}

}  // namespace warren::model
