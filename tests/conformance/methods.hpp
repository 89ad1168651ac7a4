#pragma once

#include <warren/batch.hpp>
#include <warren/client.hpp>
#include <warren/lazy_call.hpp>
#include <warren/server.hpp>
#include <warren/stream.hpp>

#include "conformance/stage.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// What the suite calls beside the example modules, and the contracts of what it calls by types.
namespace warren::conformance {

enum class Food { onion, orange, banana };
WARREN_ENUM(Food, onion, orange, banana)

struct Taste {
    Food favourite_food{};
    int chance_percentage = 20;
};
WARREN_MODEL(Taste, (favourite_food), (chance_percentage, greater_than(0)))

struct Verdict {
    bool tolerable{};
};
WARREN_MODEL(Verdict, (tolerable))
WARREN_CONTRACT(dx_example, "dx_example", Taste, Verdict)

struct Misunderstanding {
    int tolerable{};
    std::string reason;
};
WARREN_MODEL(Misunderstanding, (tolerable), (reason))
WARREN_CONTRACT(misunderstood, "dx_example", Taste, Misunderstanding)

struct Line {
    std::string text;
    std::int64_t number{};
};
WARREN_MODEL(Line, (text, min_length(1)), (number, at_least(1)))

struct Form {
    std::vector<Line> lines;
};
WARREN_MODEL_WITH(Form, (warren::ExtraFields::forbid), (lines, max_length(3)))

struct Guarded {
    warren::Secret<std::string> passphrase;
};
WARREN_MODEL(Guarded, (passphrase))
WARREN_CONTRACT(unlock, "unlock", Guarded, std::string)

struct Note {
    std::string text;
};
WARREN_MODEL(Note, (text))
WARREN_CONTRACT(take_note, "take_note", Note, void)

struct Hold {
    std::string key;
    std::string name;
};
WARREN_MODEL(Hold, (key), (name))

struct Count {
    int count = 0;
    bool fails = false;
};
WARREN_MODEL(Count, (count), (fails))
WARREN_STREAM_CONTRACT(count_up, "count_up", Count, int, int)

/// A call of the server by one of its own handlers, over the same cell.
using CallItself = std::function<LazyCall<Dynamic>(Context&, std::string_view method,
                                                   std::string_view parameter, std::string_view)>;

/// in  the stage outlives the server
void register_methods(Server& server, Stage& stage, CallItself call_itself);

}  // namespace warren::conformance
