#include "model/bind.hpp"
#include "model/binder.hpp"
#include "model/own_kind.hpp"
#include "model/type_label.hpp"

#include <string>

namespace warren::model {
bool Binder::bind_choice(const Type& type, const Value& value, void* target, const Location& at) {
    for (const bool own_kind : {true, false}) {
        for (std::size_t index = 0; index < type.alternatives.size(); ++index) {
            if (is_own_kind(*type.alternatives[index], value) != own_kind) {
                continue;
            }
            if (failed_attempts_ >= failed_attempts_max) {
                return refuse(at, "choice_limit", "Input has too many alternatives to try");
            }
            if (attempt(type, index, value, target)) {
                return true;
            }
            ++failed_attempts_;
        }
    }
    if (errors_.counting_only()) {
        return refuse(at, "choice", "");
    }
    for (std::size_t index = 0; index < type.alternatives.size(); ++index) {
        const Type& alternative = *type.alternatives[index];
        const std::string label = label_of(alternative);
        bind(alternative, value, type.operations.choose(target, index), at.in(label));
    }
    return false;
}

bool Binder::attempt(const Type& choice, std::size_t index, const Value& value, void* target) {
    const ErrorSink::Attempt silent{errors_};
    return bind(*choice.alternatives[index], value, choice.operations.choose(target, index),
                Location{});
}

}  // namespace warren::model
