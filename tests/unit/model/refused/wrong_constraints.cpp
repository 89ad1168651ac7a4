#include <warren/model.hpp>

#include <optional>
#include <string>
#include <variant>

// Not to be compiled: each constraint stands on a field that it makes no sense for.
namespace {

struct Wrong {
    int number;
    bool truth;
    std::optional<std::string> text;
    std::variant<bool, warren::Uuid> choice;
    warren::Bytes bytes;
};
WARREN_MODEL(Wrong, (number, min_length(3)), (truth, greater_than(0)), (text, at_most(5)),
             (choice, max_length(4)), (bytes, pattern("x")))

}  // namespace
