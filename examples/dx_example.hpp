#pragma once

#include <warren/contract.hpp>

// The contract of `dx_example`, as its callers and its handler share it.
namespace dx_example {

enum class FavouriteFood { onion, orange, banana };
WARREN_ENUM(FavouriteFood, onion, orange, banana)

struct Request {
    FavouriteFood favourite_food;
    int chance_percentage = 20;
};
WARREN_MODEL(Request, (favourite_food, describe("Human-readable favourite food.")),
             (chance_percentage, describe("Chances of favourite food passing."), greater_than(0)))

struct Response {
    bool tolerable;
};
WARREN_MODEL(Response, (tolerable))

WARREN_CONTRACT(method, "dx_example", Request, Response)

}  // namespace dx_example
