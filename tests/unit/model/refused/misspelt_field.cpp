#include <warren/model.hpp>

// Not to be compiled: there is no such field.
namespace {

struct Person {
    int number;
};
WARREN_MODEL(Person, (numbr, describe("Which one.")))

}  // namespace
