#include "model/validate.hpp"

#include <warren/model.hpp>

#include "core/path.hpp"
#include "core/timestamp.hpp"
#include "core/utf8.hpp"
#include "model/array_item.hpp"
#include "model/bind.hpp"
#include "model/check.hpp"
#include "model/duration.hpp"
#include "model/error_sink.hpp"
#include "model/number.hpp"

#include <string>
#include <string_view>

namespace warren::model {
namespace {

/// One member function per kind that has rules; each says whether all is fine.
class Validator {
public:
    explicit Validator(ErrorSink& errors) noexcept : errors_{errors} {}

    bool validate(const Type& type, const void* object, const Location& at) {
        switch (type.kind) {
        case Type::Kind::nothing:
        case Type::Kind::boolean:
        case Type::Kind::integer:
        case Type::Kind::floating:
        case Type::Kind::bytes:
        case Type::Kind::uuid:
            return true;
        case Type::Kind::text:
            return text(*static_cast<const std::string*>(object), at);
        case Type::Kind::optional: {
            const void* held = type.operations.peek(object);
            return held == nullptr || validate(*type.element, held, at);
        }
        case Type::Kind::secret:
            return validate(*type.element, type.operations.peek(object), at);
        case Type::Kind::choice: {
            const std::size_t index = type.operations.alternative(object);
            return index < type.alternatives.size()
                       ? validate(*type.alternatives[index], type.operations.peek(object), at)
                       : refuse(at, "choice", "A union should hold a value");
        }
        case Type::Kind::list:
        case Type::Kind::set:
        case Type::Kind::array:
        case Type::Kind::map:
        case Type::Kind::model:
            return nested(type, object, at);
        case Type::Kind::enumeration:
        case Type::Kind::timestamp:
        case Type::Kind::duration:
        case Type::Kind::absolute_path:
        case Type::Kind::relative_path:
        case Type::Kind::dynamic:
            return special(type, object, at);
        }
        return true;
    }

private:
    /// What has rules of its own, apart from what most calls are made of.
    [[gnu::noinline]] bool special(const Type& type, const void* object, const Location& at) {
        switch (type.kind) {
        case Type::Kind::enumeration:
            return enumeration(type, object, at);
        case Type::Kind::timestamp:
            return core::in_range(*static_cast<const Timestamp*>(object)) ||
                   refuse(at, "datetime_parsing", "The year should be between 0000 and 9999");
        case Type::Kind::duration:
            return duration_in_range(type, load_integer(type, object).as_int64()) ||
                   refuse(at, "time_delta_range",
                          "The duration should be no longer than 999999999 days");
        case Type::Kind::absolute_path:
            return path(static_cast<const AbsolutePath*>(object)->text, core::PathRoot::absolute,
                        at);
        case Type::Kind::relative_path:
            return path(static_cast<const RelativePath*>(object)->text, core::PathRoot::relative,
                        at);
        case Type::Kind::dynamic:
            return dynamic(static_cast<const Dynamic*>(object)->value(), at);
        default:
            return true;
        }
    }

    [[gnu::cold, gnu::noinline]] bool refuse(const Location& at, std::string_view type,
                                             std::string_view message) {
        errors_.add(at, type, message);
        return false;
    }

    bool text(std::string_view held, const Location& at) {
        return core::utf8_valid(held) || refuse(at, "string_unicode", "Text should be UTF-8");
    }

    bool path(std::string_view held, core::PathRoot root, const Location& at) {
        const auto wrong = core::check_path(held, root);
        if (wrong) {
            return refuse(at, core::type_of(*wrong), core::message_of(*wrong));
        }
        return text(held, at);
    }

    bool enumeration(const Type& type, const void* object, const Location& at) {
        if (enumerator_of(type, object) != nullptr) {
            return true;
        }
        errors_.add(at, "enum", [&] { return "Value should be " + names_of(type.enumerators); });
        return false;
    }

    bool nested(const Type& type, const void* object, const Location& at) {
        if (depth_ == bind_depth_max) {
            return refuse(at, "recursion_limit", "Object should not be nested this deep");
        }
        ++depth_;
        const bool fine = type.kind == Type::Kind::list    ? list(type, object, at)
                          : type.kind == Type::Kind::set   ? set(type, object, at)
                          : type.kind == Type::Kind::array ? array(type, object, at)
                          : type.kind == Type::Kind::map   ? map(type, object, at)
                                                           : model(*type.model(), object, at);
        --depth_;
        return fine;
    }

    bool list(const Type& type, const void* object, const Location& at) {
        bool fine = true;
        const std::size_t size = type.operations.size(object);
        for (std::size_t index = 0; index < size; ++index) {
            fine &= validate(*type.element, type.operations.at(object, index), at.in(index));
        }
        return fine;
    }

    bool set(const Type& type, const void* object, const Location& at) {
        struct Visit {
            Validator& validator;
            const Type& element;
            const Location& at;
            std::size_t index = 0;
            bool fine = true;
        } visit{*this, *type.element, at};
        type.operations.each_item(object, &visit, [](void* context, const void* item) {
            auto& [validator, element, set_at, index, fine] = *static_cast<Visit*>(context);
            fine &= validator.validate(element, item, set_at.in(index++));
        });
        return visit.fine;
    }

    bool array(const Type& type, const void* object, const Location& at) {
        bool fine = true;
        for (std::size_t index = 0; index < type.length; ++index) {
            fine &= validate(*type.element, array_item(type, object, index), at.in(index));
        }
        return fine;
    }

    bool map(const Type& type, const void* object, const Location& at) {
        struct Visit {
            Validator& validator;
            const Type& element;
            const Location& at;
            bool fine = true;
        } visit{*this, *type.element, at};
        type.operations.each(
            object, &visit, [](void* context, std::string_view key, const void* held) {
                auto& [validator, element, map_at, fine] = *static_cast<Visit*>(context);
                const Location here = map_at.in(key);
                fine &= validator.text(key, here);
                fine &= validator.validate(element, held, here);
            });
        return visit.fine;
    }

    bool model(const Model& described, const void* object, const Location& at) {
        bool fine = true;
        for (const Field& field : described.fields) {
            const void* held = field.access_const(object);
            const Location here = at.in(field.name);
            fine &= validate(*field.type, held, here) &&
                    check_field(field.constraints, *field.type, held, here, errors_);
        }
        return fine && run_checks(described.checks, object, at, errors_);
    }

    bool dynamic(const Value& held, const Location& at) {
        switch (held.kind()) {
        case Value::Kind::text:
            return text(held.as_text(), at);
        case Value::Kind::list:
        case Value::Kind::map: {
            if (depth_ == bind_depth_max) {
                return refuse(at, "recursion_limit", "Value should not be nested this deep");
            }
            ++depth_;
            const bool fine = dynamic_parts(held, at);
            --depth_;
            return fine;
        }
        case Value::Kind::null:
        case Value::Kind::boolean:
        case Value::Kind::int64:
        case Value::Kind::uint64:
        case Value::Kind::float64:
        case Value::Kind::bytes:
            return true;
        }
        return true;
    }

    bool dynamic_parts(const Value& held, const Location& at) {
        bool fine = true;
        if (held.is_list()) {
            for (std::size_t index = 0; index < held.as_list().size(); ++index) {
                fine &= dynamic(held.as_list()[index], at.in(index));
            }
            return fine;
        }
        for (std::size_t index = 0; index < held.as_map().size(); ++index) {
            const Member& member = held.as_map()[index];
            const Location here = member.key.is_text() ? at.in(member.key.as_text()) : at.in(index);
            fine &= dynamic(member.key, here);
            fine &= dynamic(member.value, here);
        }
        return fine;
    }

    ErrorSink& errors_;
    std::size_t depth_ = 0;
};

}  // namespace

std::vector<FieldError> validate(const Type& type, const void* object) {
    ErrorSink errors;
    Validator{errors}.validate(type, object, Location{});
    return errors.take();
}

}  // namespace warren::model
