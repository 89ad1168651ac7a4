// One method as a package of handlers would ship it: a contract, a handler, a lock.

#include <warren/module.hpp>

namespace {

enum class FavouriteFood { onion, orange, banana };
WARREN_ENUM(FavouriteFood, onion, orange, banana)

struct Request {
    FavouriteFood favourite_food;
    int chance_percentage = 20;
};
WARREN_MODEL(Request,
             (favourite_food, describe("Human-readable favourite food."), example("onion")),
             (chance_percentage, describe("Chances of favourite food passing."), greater_than(0),
              example(20)))

struct Response {
    bool tolerable;
};
WARREN_MODEL(Response, (tolerable, describe("Whether the food is worth eating."), example(true)))

warren::Reply<Response> dx_example(const Request& request) {
    switch (request.favourite_food) {
    case FavouriteFood::onion:
        return {{.tolerable = request.chance_percentage >= 20}, "Onions depend on the chances"};
    case FavouriteFood::orange:
        return {{.tolerable = true}, "Oranges are always fine"};
    case FavouriteFood::banana:
        return {{.tolerable = false}, "Bananas are never fine"};
    }
    return warren::Reply<Response>::failure("Nobody knows this food");
}

}  // namespace

WARREN_MODULE(module) {
    module.method("dx_example", dx_example)
        .describe("Tell whether a favourite food is tolerable.")
        .lock_on(&Request::favourite_food);
}
