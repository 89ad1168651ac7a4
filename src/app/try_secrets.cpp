#include "app/try_secrets.hpp"

#include "model/secrets.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <utility>

namespace warren::app {
namespace {

using contract::DataType;
using Kind = Type::Kind;

/// The types that a value may be of: several inside of a union.
struct Candidates {
    std::vector<const DataType*> types{};
    bool is_secret = false;  // one of them is

    void add(const DataType& type) {
        switch (type.kind) {
        case Kind::secret:
            is_secret = true;
            [[fallthrough]];
        case Kind::optional:
        case Kind::choice:
            for (const DataType& element : type.elements) {
                add(element);
            }
            return;
        default:
            types.push_back(&type);
        }
    }
};

/// Goes through a value with the types that a document says it may be of, and has each secret that
/// is no list or map replaced.
class SecretReplacement {
public:
    /// Replaces one.
    using Replace = std::function<Value(const Value& secret)>;
    enum class By : std::uint8_t { type, type_and_name };

    SecretReplacement(const contract::Document& document, By by, Arena& arena, Replace replace)
        : document_{document}, by_{by}, arena_{arena}, replace_{std::move(replace)} {}

    Value walk(const Value& value, const DataType& type) {
        Candidates root;
        root.add(type);
        const bool is_bare = !value.is_map() && !value.is_list();
        return is_bare ? item(value, root, 0, root.is_secret) : walk(value, root, root.is_secret);
    }

private:
    Value walk(const Value& value, const Candidates& candidates, bool is_secret) {
        if (value.is_list()) {
            const std::span<const Value> given = value.as_list();
            const std::span<Value> items = arena_.array<Value>(given.size());
            for (std::size_t at = 0; at < given.size(); ++at) {
                items[at] = item(given[at], candidates, at, is_secret);
            }
            return Value::list(items);
        }
        if (value.is_map()) {
            const std::span<const Member> given = value.as_map();
            const std::span<Member> members = arena_.array<Member>(given.size());
            for (std::size_t at = 0; at < given.size(); ++at) {
                members[at] = {given[at].key, member(given[at], candidates, is_secret)};
            }
            return Value::map(members);
        }
        return is_secret && !value.is_null() ? replace_(value) : value;
    }

    /// One of a list, or an argument by its position.
    Value item(const Value& value, const Candidates& candidates, std::size_t index,
               bool is_secret) {
        Candidates inside;
        for (const DataType* const type : candidates.types) {
            const auto* const model = model_of(*type);
            if (model != nullptr && index < model->fields.size()) {
                inside.add(model->fields[index].type);
                is_secret |= is_named(model->fields[index].name);
            } else if (type->kind == Kind::list || type->kind == Kind::set ||
                       type->kind == Kind::array) {
                inside.add(type->elements.front());
            }
        }
        return walk(value, inside, is_secret || inside.is_secret);
    }

    Value member(const Member& member, const Candidates& candidates, bool is_secret) {
        const std::string_view name = member.key.is_text() ? member.key.as_text() : "";
        Candidates inside;
        for (const DataType* const type : candidates.types) {
            if (type->kind == Kind::map) {
                inside.add(type->elements.front());
            } else if (const auto* const model = model_of(*type)) {
                const auto field =
                    std::ranges::find(model->fields, name, &contract::FieldDocument::name);
                if (field != model->fields.end()) {
                    inside.add(field->type);
                }
            }
        }
        return walk(member.value, inside, is_secret || inside.is_secret || is_named(name));
    }

    const contract::ModelDocument* model_of(const DataType& type) const {
        return type.kind == Kind::model ? document_.find_model(type.reference) : nullptr;
    }
    bool is_named(std::string_view name) const {
        return by_ == By::type_and_name && model::is_secret_name(name);
    }

    const contract::Document& document_;
    const By by_;
    Arena& arena_;
    const Replace replace_;
};

}  // namespace

std::expected<Value, format::FernetError> encrypt_secrets(const contract::Document& document,
                                                          const DataType& type, const Value& value,
                                                          const format::Keyring& keys,
                                                          std::int64_t unix_seconds, Arena& arena) {
    if (keys.empty()) {
        return value;
    }
    std::optional<format::FernetError> error;
    SecretReplacement replacement{
        document, SecretReplacement::By::type, arena, [&](const Value& secret) {
            if (secret.is_text() && keys.decrypt(secret.as_text())) {
                return secret;  // a token already
            }
            const auto token = keys.encrypt(model::secret_text_of(secret), unix_seconds);
            if (!token) {
                error = token.error();
                return Value{};
            }
            return Value::text(arena.copy(std::string_view{*token}));
        }};
    const Value encrypted = replacement.walk(value, type);
    if (error) {
        return std::unexpected{*error};
    }
    return encrypted;
}

SecretMask::SecretMask(const contract::Document& document, const DataType& request,
                       const Value& value)
    : document_{document} {
    Arena arena;
    SecretReplacement{document, SecretReplacement::By::type_and_name, arena,
                      [this](const Value& secret) {
                          secrets_.add(secret);
                          return secret;
                      }}
        .walk(value, request);
}

Value SecretMask::masked(const DataType& type, const Value& value, Arena& arena) const {
    SecretReplacement replacement{document_, SecretReplacement::By::type_and_name, arena,
                                  [](const Value&) { return Value::text(model::hidden_secret); }};
    return without(replacement.walk(value, type), arena);
}

PathStep SecretMask::masked_step(const PathStep& step) const {
    const auto* const name = std::get_if<std::string>(&step);
    return name == nullptr || is_field(*name) ? step : PathStep{secrets_.without(*name)};
}

Value SecretMask::without(const Value& value, Arena& arena) const {
    switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
        return value;
    case Value::Kind::list: {
        const std::span<Value> items = arena.array<Value>(value.as_list().size());
        std::ranges::transform(value.as_list(), items.begin(),
                               [&](const Value& item) { return without(item, arena); });
        return Value::list(items);
    }
    case Value::Kind::map: {
        const std::span<Member> members = arena.array<Member>(value.as_map().size());
        std::ranges::transform(value.as_map(), members.begin(), [&](const Member& member) {
            const Value key = without(member.key, arena);
            const bool stays =
                key == member.key || (member.key.is_text() && is_field(member.key.as_text()));
            return Member{stays ? member.key : key, without(member.value, arena)};
        });
        return Value::map(members);
    }
    case Value::Kind::text:
    case Value::Kind::bytes:
    case Value::Kind::int64:
    case Value::Kind::uint64:
    case Value::Kind::float64:
        break;
    }
    const std::string shown = model::secret_text_of(value);
    if (value.is_text()) {
        const std::string hidden = secrets_.without(shown);
        return hidden == shown ? value : Value::text(arena.copy(std::string_view{hidden}));
    }
    return secrets_.contains(shown) ? Value::text(model::hidden_secret) : value;
}

bool SecretMask::is_field(std::string_view name) const {
    return std::ranges::any_of(document_.models, [name](const contract::ModelDocument& model) {
        return std::ranges::find(model.fields, name, &contract::FieldDocument::name) !=
               model.fields.end();
    });
}

}  // namespace warren::app
