#include <warren/model.hpp>

// Not to be compiled: an enumerator is forgotten.
namespace {

enum class Colour { red, green, blue };
WARREN_ENUM(Colour, red, blue)

const warren::Type& described = warren::type_of<Colour>();

}  // namespace
