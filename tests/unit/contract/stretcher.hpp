#pragma once

#include <warren/model.hpp>

#include "model/number.hpp"
#include "model/random.hpp"

#include <cstdint>
#include <string>

namespace warren::test {

/// Mock data is of the middle; this takes some of it to the ends, where types differ.
class Stretcher {
public:
    explicit Stretcher(std::uint64_t seed) : random_{seed} {}

    void stretch(const Type& type, void* object) {
        switch (type.kind) {
        case Type::Kind::integer:
            integer(type, object);
            return;
        case Type::Kind::floating:
            floating(type, object);
            return;
        case Type::Kind::text:
            if (sometimes()) {
                auto& text = *static_cast<std::string*>(object);
                text = sometimes() ? "" : sometimes() ? "/2" : text + " Ünder the moon";
            }
            return;
        case Type::Kind::duration:
            if (sometimes()) {
                model::store_integer(type, Value::integer(sometimes() ? -1 : 86'461), object);
            } else if (sometimes()) {
                model::store_integer(type, Value::integer(sometimes() ? 59 : 3'600'061), object);
            }
            return;
        case Type::Kind::optional:
            if (sometimes()) {
                type.operations.reset(object);
            } else if (type.operations.peek(object) != nullptr) {
                stretch(*type.element, const_cast<void*>(type.operations.peek(object)));
            }
            return;
        case Type::Kind::choice:
        case Type::Kind::secret:
            inside(type, object);
            return;
        case Type::Kind::list:
            list(type, object);
            return;
        case Type::Kind::map:
            if (sometimes()) {
                type.operations.clear(object);
            }
            return;
        case Type::Kind::model:
            for (const Field& field : type.model()->fields) {
                stretch(*field.type, field.access(object));
            }
            return;
        case Type::Kind::dynamic:
            if (sometimes()) {
                *static_cast<Dynamic*>(object) = sometimes() ? Dynamic{} : Dynamic{-1.5};
            }
            return;
        default:
            return;
        }
    }

private:
    bool sometimes() { return random_.below(3) == 0; }

    void integer(const Type& type, void* object) {
        const model::IntegerRange range = model::range_of(type);
        switch (random_.below(6)) {
        case 0:
            model::store_integer(type, Value::integer(range.least), object);
            return;
        case 1:
            model::store_integer(type, Value::unsigned_integer(range.greatest), object);
            return;
        case 2:
            model::store_integer(type, Value::integer(0), object);
            return;
        default:
            return;
        }
    }

    void floating(const Type& type, void* object) {
        const double number = sometimes() ? -0.5 : sometimes() ? 1e30 : 1.0 / 3;
        if (!sometimes()) {
            return;
        }
        if (type.size_bytes == sizeof(float)) {
            *static_cast<float*>(object) = static_cast<float>(number);
        } else {
            *static_cast<double*>(object) = sometimes() ? 1e300 : number;
        }
    }

    void inside(const Type& type, void* object) {
        const Type* content = type.kind == Type::Kind::secret
                                  ? type.element
                                  : type.alternatives[type.operations.alternative(object)];
        if (content->kind != Type::Kind::nothing) {
            stretch(*content, const_cast<void*>(type.operations.peek(object)));
        }
    }

    void list(const Type& type, void* object) {
        if (sometimes()) {
            type.operations.clear(object);
        }
        if (type.operations.append == nullptr) {
            return;
        }
        for (std::size_t at = 0; at < type.operations.size(object); ++at) {
            stretch(*type.element, const_cast<void*>(type.operations.at(object, at)));
        }
        if (sometimes() && type.element->kind == Type::Kind::text &&
            type.operations.size(object) != 0) {  // one of them twice
            const std::string first =
                *static_cast<const std::string*>(type.operations.at(object, 0));
            *static_cast<std::string*>(type.operations.append(object)) = first;
        }
    }

    model::Random random_;
};

}  // namespace warren::test
