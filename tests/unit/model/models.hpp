#pragma once

#include <warren/model.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace warren::test {

enum class Colour { red, green, blue = 7 };
WARREN_ENUM(Colour, red, green, blue)

enum class Tiny : std::int8_t { low = -128, high = 127 };
WARREN_ENUM(Tiny, low, high)

struct Address {
    std::string street;
    std::vector<std::string> lines;

    friend bool operator==(const Address&, const Address&) = default;
};
WARREN_MODEL(Address, (street, min_length(1), max_length(5)), (lines, defaulted(), max_length(2)))

struct Node {
    std::string name;
    std::vector<Node> children;
    std::optional<Address> address;

    friend bool operator==(const Node&, const Node&) = default;
};
WARREN_MODEL(Node, (name), (children, defaulted()), (address))

/// One field of every kind.
struct Everything {
    bool truth;
    std::int32_t number;
    double ratio;
    float narrow;
    std::string text;
    Bytes bytes;
    Colour colour;
    Tiny tiny;
    std::optional<std::int64_t> maybe;
    std::vector<bool> flags;
    std::vector<std::uint64_t> counts;
    std::map<std::string, Address> places;
    std::unordered_map<std::string, double> weights;
    std::variant<std::int64_t, double, std::string, Address> choice;
    Secret<std::string> token;
    Node node;
    Uuid id;
    Timestamp at;
    AbsolutePath home;
    RelativePath file;
    Dynamic anything;

    friend bool operator==(const Everything&, const Everything&) = default;
};
WARREN_MODEL(Everything, (truth), (number), (ratio), (narrow), (text), (bytes), (colour), (tiny),
             (maybe), (flags), (counts), (places), (weights), (choice), (token), (node), (id), (at),
             (home), (file), (anything))

inline bool even(int number) {
    return number % 2 == 0;
}

struct Constrained {
    int above = 11;
    int between = 5;
    double share = 0.5;
    std::string code = "ab";
    std::vector<int> items{1};
    std::map<std::string, int> members;
    Bytes raw{std::byte{1}};
    std::optional<int> maybe;
    Secret<std::string> secret;
    int even_number = 2;
};
WARREN_MODEL(Constrained, (above, greater_than(10), less_than(20)),
             (between, at_least(1), at_most(9)), (share, greater_than(0.0), at_most(1)),
             (code, min_length(2), max_length(3), pattern("^[a-zé]+$")),
             (items, min_length(1), max_length(3)), (members, defaulted(), max_length(1)),
             (raw, min_length(1), max_length(2)), (maybe, greater_than(0)),
             (secret, defaulted(), max_length(3)),
             (even_number, satisfies(even, "Number should be even")))

struct Strict {
    int first;
    int second;
};
WARREN_MODEL_WITH(Strict,
                  (describe("Two in order."), ExtraFields::forbid,
                   satisfies([](const Strict& strict) { return strict.first < strict.second; },
                             "First should be less than second")),
                  (first), (second))

struct Login {
    std::string user;
    Secret<std::string> pin;
    Secret<int> number{0};
    std::optional<Secret<std::string>> maybe;
    std::vector<Secret<std::string>> codes;
    std::string passphrase;
    std::map<std::string, Dynamic> options;
};
WARREN_MODEL(Login, (user, example("ada")), (pin, defaulted(), example("0000")),
             (number, defaulted()), (maybe), (codes, defaulted()),
             (passphrase, defaulted(), example("hunter2")), (options, defaulted()))

}  // namespace warren::test
