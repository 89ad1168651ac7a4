#include "model/mock.hpp"

#include <warren/model.hpp>

#include "core/uuid.hpp"
#include "model/array_item.hpp"
#include "model/binder.hpp"
#include "model/check.hpp"
#include "model/error_sink.hpp"
#include "model/mock_scalar.hpp"
#include "model/number.hpp"
#include "model/random.hpp"
#include "model/validate.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

namespace warren::model {
namespace {

constexpr std::size_t attempts_per_field_max = 64;
constexpr std::size_t attempts_per_model_max = 16;
constexpr std::size_t attempts_max = 4096;  // in all: demands in nested models multiply
constexpr std::size_t nesting_max = 4;      // past it, what may be empty is left empty

class Mocker {
public:
    explicit Mocker(std::uint64_t seed) noexcept : random_{seed} {}

    // NOLINTNEXTLINE(readability-function-size): a case for each kind
    void fill(const Type& type, const Constraints& constraints, void* target) {
        switch (type.kind) {
        case Type::Kind::nothing:
            return;
        case Type::Kind::boolean:
            *static_cast<bool*>(target) = random_.below(2) == 1;
            return;
        case Type::Kind::integer:
            store_integer(type, mock_integer(type, constraints, random_), target);
            return;
        case Type::Kind::floating:
            if (const double number = mock_floating(type, constraints, random_);
                type.size_bytes == sizeof(float)) {
                *static_cast<float*>(target) = static_cast<float>(number);
            } else {
                *static_cast<double*>(target) = number;
            }
            return;
        case Type::Kind::text:
            *static_cast<std::string*>(target) = mock_text(constraints, attempt_, random_);
            return;
        case Type::Kind::bytes:
            fill_bytes(constraints, *static_cast<Bytes*>(target));
            return;
        case Type::Kind::enumeration:
            if (!type.enumerators.empty()) {
                const auto& chosen = type.enumerators[random_.below(type.enumerators.size())];
                store_integer(type, Value::integer(chosen.number), target);
            }
            return;
        case Type::Kind::optional:
            if (depth_ < nesting_max) {
                fill(*type.element, constraints, type.operations.emplace(target));
            }
            return;
        case Type::Kind::list:
            fill_list(type, constraints, target);
            return;
        case Type::Kind::set:
            fill_set(type, constraints, target);
            return;
        case Type::Kind::array:
            ++depth_;
            for (std::size_t index = 0; index < type.length; ++index) {
                fill(*type.element, Constraints{}, array_item(type, target, index));
            }
            --depth_;
            return;
        case Type::Kind::map:
            fill_map(type, constraints, target);
            return;
        case Type::Kind::choice:
            fill_choice(type, constraints, target);
            return;
        case Type::Kind::secret:
            fill(*type.element, constraints, type.operations.emplace(target));
            return;
        case Type::Kind::model:
            fill_model(*type.model(), target);
            return;
        case Type::Kind::uuid:
            fill_uuid(*static_cast<Uuid*>(target));
            return;
        case Type::Kind::timestamp:
            *static_cast<Timestamp*>(target) =
                std::chrono::sys_days{std::chrono::year{2024} / 1 / 1} +
                std::chrono::seconds{
                    static_cast<std::int64_t>(random_.below(std::uint64_t{366} * 86'400))};
            return;
        case Type::Kind::duration:
            store_integer(type, mock_duration(type, constraints, random_), target);
            return;
        case Type::Kind::absolute_path:
            static_cast<AbsolutePath*>(target)->text = mock_path(type, constraints, random_);
            return;
        case Type::Kind::relative_path:
            static_cast<RelativePath*>(target)->text = mock_path(type, constraints, random_);
            return;
        case Type::Kind::dynamic:
            fill_dynamic(constraints, *static_cast<Dynamic*>(target));
            return;
        }
    }

private:
    void fill_bytes(const Constraints& constraints, Bytes& target) {
        target.resize(mock_length(constraints, 4 + random_.below(13)));
        std::ranges::generate(target, [this] { return static_cast<std::byte>(random_.next()); });
    }

    void fill_uuid(Uuid& target) {
        std::array<std::uint8_t, 16> octets;
        std::ranges::generate(octets, [this] { return static_cast<std::uint8_t>(random_.next()); });
        target = core::uuid_from_random(octets);
    }

    void fill_dynamic(const Constraints& constraints, Dynamic& target) {
        if (constraints.greater_than || constraints.at_least || constraints.less_than ||
            constraints.at_most) {
            target = mock_floating(type_of<double>(), constraints, random_);
        } else {
            target = mock_text(constraints, attempt_, random_);
        }
    }

    std::size_t usual_length() { return depth_ < nesting_max ? 1 + random_.below(3) : 0; }

    void fill_list(const Type& type, const Constraints& constraints, void* target) {
        const std::size_t length = mock_length(constraints, usual_length());
        type.operations.clear(target);
        ++depth_;
        for (std::size_t index = 0; index < length; ++index) {
            if (type.operations.append_boolean != nullptr) {
                type.operations.append_boolean(target, random_.below(2) == 1);
            } else {
                fill(*type.element, Constraints{}, type.operations.append(target));
            }
        }
        --depth_;
    }

    /// Items that are there already are made anew, but not for ever: there may be too few.
    void fill_set(const Type& type, const Constraints& constraints, void* target) {
        struct Filling {
            Mocker& mocker;
            const Type& element;
        } filling{*this, *type.element};
        const std::size_t length = mock_length(constraints, usual_length());
        type.operations.clear(target);
        ++depth_;
        std::size_t repeats = 0;
        while (type.operations.size(target) < length && repeats < attempts_per_field_max) {
            const Inserted inserted =
                type.operations.insert_item(target, &filling, [](void* context, void* item) {
                    auto& [mocker, element] = *static_cast<Filling*>(context);
                    mocker.fill(element, Constraints{}, item);
                    return true;
                });
            repeats += inserted == Inserted::done ? 0 : 1;
        }
        --depth_;
    }

    void fill_map(const Type& type, const Constraints& constraints, void* target) {
        const std::size_t length = mock_length(constraints, usual_length());
        type.operations.clear(target);
        ++depth_;
        for (std::size_t index = 0; index < length; ++index) {
            const std::string key = "key" + std::to_string(index + 1);
            fill(*type.element, Constraints{}, type.operations.insert(target, key));
        }
        --depth_;
    }

    /// Deep inside, only an alternative that nests nothing may end a union that nests itself.
    void fill_choice(const Type& type, const Constraints& constraints, void* target) {
        std::size_t index = random_.below(type.alternatives.size());
        if (depth_ >= nesting_max) {
            const auto flat = std::ranges::find_if(type.alternatives, [](const Type* alternative) {
                return alternative->kind != Type::Kind::model &&
                       alternative->kind != Type::Kind::choice;
            });
            if (flat != type.alternatives.end()) {
                index = static_cast<std::size_t>(flat - type.alternatives.begin());
            }
        }
        fill(*type.alternatives[index], constraints, type.operations.choose(target, index));
    }

    void fill_model(const Model& model, void* target) {
        ++depth_;
        for (std::size_t attempt = 0; attempt < attempts_per_model_max; ++attempt) {
            for (const Field& field : model.fields) {
                fill_field(model, field, field.access(target));
            }
            if (model.checks.empty() || attempts_ >= attempts_max || holds(model.checks, target)) {
                break;
            }
            ++attempts_;
        }
        --depth_;
    }

    static bool holds(std::span<const Constraints::Check> checks, const void* object) {
        ErrorSink errors;
        return run_checks(checks, object, Location{}, errors);
    }

    static bool holds(const Field& field, const void* held) {
        ErrorSink errors;
        return validate(*field.type, held).empty() &&
               check_field(field.constraints, *field.type, held, Location{}, errors);
    }

    void fill_field(const Model& model, const Field& field, void* held) {
        if (take_example(field, held) || keep_default(model, field, held)) {
            return;
        }
        for (std::size_t attempt = 0; attempt < attempts_per_field_max; ++attempt) {
            attempt_ = attempt;
            fill(*field.type, field.constraints, held);
            attempt_ = 0;
            if (attempts_ >= attempts_max || holds(field, held)) {
                return;
            }
            ++attempts_;
        }
    }

    bool take_example(const Field& field, void* held) {
        if (field.examples.empty()) {
            return false;
        }
        const Dynamic& example = field.examples[random_.below(field.examples.size())];
        ErrorSink errors;
        return Binder{errors}.bind(*field.type, example.value(), held, Location{}) &&
               check_field(field.constraints, *field.type, held, Location{}, errors);
    }

    /// A default is kept as it stands in the object, but an empty optional shows nothing.
    static bool keep_default(const Model& model, const Field& field, void* held) {
        if (field.required || !holds(field, held)) {
            return false;
        }
        const void* standing = field.access_const(model.defaults.get());
        return field.type->kind != Type::Kind::optional ||
               field.type->operations.peek(standing) != nullptr;
    }

    Random random_;
    std::size_t depth_ = 0;
    std::size_t attempt_ = 0;
    std::size_t attempts_ = 0;
};

}  // namespace

std::vector<FieldError> mock(const Type& type, std::uint64_t seed, void* target) {
    Mocker{seed}.fill(type, Constraints{}, target);
    return validate(type, target);
}

}  // namespace warren::model
