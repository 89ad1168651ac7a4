#include "runtime/server_end.hpp"

#include <string_view>

namespace warren::runtime {
namespace {

constexpr std::string_view ending_key = "stopping";

}  // namespace

void say_that_server_ends(Failure& refusal) {
    refusal.data = Dynamic::map({{ending_key, true}});
}

bool says_that_server_ends(const Failure& failure) {
    if (failure.code != Code::overloaded) [[likely]] {
        return false;
    }
    const Value* const said = failure.data.value().find(ending_key);
    return said != nullptr && *said == Value::boolean(true);
}

void forget_that_server_ends(Failure& failure) {
    if (says_that_server_ends(failure)) {
        failure.data = {};
    }
}

}  // namespace warren::runtime
