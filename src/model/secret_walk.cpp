#include "model/secret_walk.hpp"

#include <warren/model.hpp>

#include "model/own_kind.hpp"

#include <array>

namespace warren::model {
namespace {

constexpr std::array<std::string_view, 5> secret_names{"secret_values", "passphrase", "password",
                                                       "admin_password", "database_user_password"};

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

}  // namespace

bool is_secret_name(std::string_view member) noexcept {
    return std::ranges::find(secret_names, member) != secret_names.end();
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

}  // namespace warren::model
