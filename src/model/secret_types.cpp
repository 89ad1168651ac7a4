#include "model/secret_types.hpp"

#include "model/secrets.hpp"

#include <algorithm>
#include <vector>

namespace warren::model {
namespace {

/// in  models: those that are being looked into, since models may nest themselves
bool holds(const Type& type, std::vector<const Model*>& models) {
    switch (type.kind) {
    case Type::Kind::secret:
        return true;
    case Type::Kind::optional:
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::array:
    case Type::Kind::map:
        return holds(*type.element, models);
    case Type::Kind::choice:
        return std::ranges::any_of(type.alternatives, [&models](const Type* alternative) {
            return holds(*alternative, models);
        });
    case Type::Kind::model: {
        const Model* model = type.model();
        if (std::ranges::find(models, model) != models.end()) {
            return false;
        }
        models.push_back(model);
        return std::ranges::any_of(model->fields, [&models](const Field& field) {
            return is_secret_name(field.name) || holds(*field.type, models);
        });
    }
    case Type::Kind::nothing:
    case Type::Kind::boolean:
    case Type::Kind::integer:
    case Type::Kind::floating:
    case Type::Kind::text:
    case Type::Kind::bytes:
    case Type::Kind::enumeration:
    case Type::Kind::uuid:
    case Type::Kind::timestamp:
    case Type::Kind::duration:
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
    case Type::Kind::dynamic:
        return false;
    }
    return false;
}

}  // namespace

bool holds_secret(const Field& field) {
    return is_secret_name(field.name) || holds_secret(*field.type);
}

bool holds_secret(const Type& type) {
    std::vector<const Model*> models;
    return holds(type, models);
}

}  // namespace warren::model
