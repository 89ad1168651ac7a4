#pragma once

#include <warren/model.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "model/error_sink.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace warren::model {

/// The interpreter behind `bind`: one member function per kind of type, each of which says whether
/// the target was bound, and adds its errors when not.
class Binder {
public:
    explicit Binder(ErrorSink& errors) noexcept : errors_{errors} {}

    bool bind(const Type& type, const Value& value, void* target, const Location& at);

    /// A model from a map, and from a list in the fields' order.
    bool bind_named(const Model& model, const Value& value, void* target, const Location& at);
    bool bind_positional(const Model& model, std::span<const Value> items, void* target,
                         const Location& at);

    bool bind_field(const Field& field, const Value& value, void* object, const Location& at);

    bool refuse_missing(const Field& field, const Location& at);
    bool refuse_too_many(std::size_t index, const Location& at);
    /// Members that no field has the name of.
    bool refuse_extras(const Model& model, std::span<const Member> members, const Location& at);

private:
    bool refuse(const Location& at, std::string_view type, std::string_view message);

    // bind.cpp
    bool bind_optional(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_list(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_set(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_array(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_map(const Type& type, const Value& value, void* target, const Location& at);

    // bind_scalar.cpp
    bool bind_boolean(const Value& value, void* target, const Location& at);
    bool bind_integer(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_floating(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_text(const Value& value, void* target, const Location& at);
    bool bind_bytes(const Value& value, void* target, const Location& at);
    bool bind_enumeration(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_uuid(const Value& value, void* target, const Location& at);
    bool bind_timestamp(const Value& value, void* target, const Location& at);
    bool bind_duration(const Type& type, const Value& value, void* target, const Location& at);
    bool bind_path(const Type& type, const Value& value, void* target, const Location& at);

    // bind_choice.cpp
    bool bind_choice(const Type& type, const Value& value, void* target, const Location& at);
    bool attempt(const Type& choice, std::size_t index, const Value& value, void* target);

    /// Counts the lists, maps and models that binding is inside of.
    class Nesting {
    public:
        explicit Nesting(std::size_t& depth) noexcept : depth_{depth} { ++depth_; }
        ~Nesting() { --depth_; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;

    private:
        std::size_t& depth_;
    };
    bool refuse_depth(const Location& at);

    ErrorSink& errors_;
    std::size_t depth_ = 0;
    std::size_t failed_attempts_ = 0;
};

}  // namespace warren::model
