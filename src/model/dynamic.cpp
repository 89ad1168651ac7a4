#include <warren/dynamic.hpp>
#include <warren/error.hpp>
#include <warren/type.hpp>

#include "format/json/json.hpp"
#include "model/bind.hpp"
#include "model/render.hpp"
#include "model/validate.hpp"

#include <string>
#include <utility>
#include <vector>

namespace warren {
namespace {

void throw_any(std::vector<FieldError> errors, std::string_view message) {
    if (!errors.empty()) {
        throw Error{Failure{.code = Code::invalid_request,
                            .message = std::string{message},
                            .errors = std::move(errors)}};
    }
}

}  // namespace

Dynamic Dynamic::from_json(std::string_view text) {
    Arena arena;
    const auto value = format::json_decode(text, arena);
    if (!value) {
        throw Error{format::to_failure(value.error())};
    }
    return Dynamic{*value};
}

std::string Dynamic::to_json() const {
    std::string text;
    if (const auto encoded = format::json_encode(root_, text); !encoded) {
        throw Error{format::to_failure(encoded.error())};
    }
    return text;
}

namespace detail {

Dynamic render_checked(const Type& type, const void* object) {
    throw_any(model::validate(type, object), "The object does not keep to its contract");
    Arena arena;
    return Dynamic{model::render(type, object, arena)};
}

void bind_checked(const Type& type, const Value& value, void* target) {
    throw_any(model::bind(type, value, target), "The value is not of the type asked for");
}

}  // namespace detail
}  // namespace warren
