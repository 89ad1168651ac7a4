#include "model/mock_scalar.hpp"

#include "core/path.hpp"
#include "model/number.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

namespace warren::model {
namespace {

// Wide enough for both ends of int64 and uint64, and for one more and one less.
__extension__ using Wide = __int128;

constexpr Wide window = 100;                // of numbers that are bounded on one side only
constexpr std::size_t length_max = 65'536;  // no mock data grows past this, whatever is demanded

constexpr std::array<std::string_view, 12> words{"amber", "birch",   "cedar", "delta",
                                                 "ember", "fjord",   "grove", "heath",
                                                 "islet", "juniper", "knoll", "larch"};

std::string_view word(Random& random) {
    return words[random.below(words.size())];
}

/// The bound as a whole number, rounded by `round` when it is a float.
Wide wide(const Value& bound, double (*round)(double)) {
    switch (bound.kind()) {
    case Value::Kind::uint64:
        return static_cast<Wide>(bound.as_uint64());
    case Value::Kind::float64: {
        const double whole = round(std::clamp(bound.as_float64(), -0x1p65, 0x1p65));
        return std::isnan(whole) ? 0 : static_cast<Wide>(whole);
    }
    default:
        return bound.as_int64();
    }
}

double as_double(const Value& bound) {
    return *to_floating(bound);
}

std::string digits(std::size_t count, Random& random) {
    std::string text;
    while (text.size() < count) {
        text += static_cast<char>('0' + random.below(10));
    }
    return text;
}

/// Text of the shapes that patterns ask for most.
std::string shaped(std::size_t shape, Random& random) {
    std::string name{word(random)};
    std::string upper = name;
    std::ranges::transform(upper, upper.begin(),
                           [](char letter) { return static_cast<char>(letter - 'a' + 'A'); });
    switch (shape) {
    case 0:
        return name;
    case 1:
        return name + "-" + digits(1 + random.below(4), random);
    case 2:
        return digits(1 + random.below(12), random);
    case 3:
        return upper.substr(0, 1 + random.below(upper.size()));
    case 4:
        return name + "@" + std::string{word(random)} + ".example";
    case 5:
        return name + ".example.com";
    case 6:
        return "https://" + name + ".example.com/" + std::string{word(random)};
    case 7:
        return digits(1, random) + "." + digits(1, random) + "." + digits(1, random);
    case 8:
        return upper.substr(0, 1 + random.below(3)) + "-" + digits(1 + random.below(4), random);
    case 9:
        return "192.0.2." + std::to_string(random.below(255));
    default:
        return name + "_" + std::string{word(random)};
    }
}
constexpr std::size_t shape_count = 11;

}  // namespace

Value mock_integer(const Type& type, const Constraints& constraints, Random& random) {
    const IntegerRange range = range_of(type);
    Wide least = range.least;
    Wide greatest = static_cast<Wide>(range.greatest);
    const bool bounded_below = constraints.greater_than || constraints.at_least;
    const bool bounded_above = constraints.less_than || constraints.at_most;
    const auto up = [](double number) { return std::ceil(number); };
    const auto down = [](double number) { return std::floor(number); };
    if (constraints.at_least) {
        least = std::max(least, wide(*constraints.at_least, up));
    }
    if (constraints.greater_than) {
        least = std::max(least, wide(*constraints.greater_than, down) + 1);
    }
    if (constraints.at_most) {
        greatest = std::min(greatest, wide(*constraints.at_most, down));
    }
    if (constraints.less_than) {
        greatest = std::min(greatest, wide(*constraints.less_than, up) - 1);
    }
    if (!bounded_below && bounded_above) {
        least = std::max(least, greatest - window);
    } else if (!bounded_above) {
        least = bounded_below ? least : Wide{0};
        greatest = std::min(greatest, least + window);
    }
    if (least > greatest) {
        return Value::integer(0);  // no number satisfies the contract, and validation will say so
    }
    const auto span = static_cast<std::uint64_t>(greatest - least);
    const std::uint64_t offset =
        span == std::numeric_limits<std::uint64_t>::max() ? random.next() : random.below(span + 1);
    const Wide number = least + static_cast<Wide>(offset);
    return number < 0 ? Value::integer(static_cast<std::int64_t>(number))
                      : Value::unsigned_integer(static_cast<std::uint64_t>(number));
}

double mock_floating(const Type& type, const Constraints& constraints, Random& random) {
    const bool narrow = type.size_bytes == sizeof(float);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto beside = [narrow](double number, double towards) {
        return narrow ? static_cast<double>(
                            std::nextafter(static_cast<float>(number), static_cast<float>(towards)))
                      : std::nextafter(number, towards);
    };
    double least = -infinity;
    double greatest = infinity;
    if (constraints.at_least) {
        least = as_double(*constraints.at_least);
    }
    if (constraints.greater_than) {
        least = std::max(least, beside(as_double(*constraints.greater_than), infinity));
    }
    if (constraints.at_most) {
        greatest = as_double(*constraints.at_most);
    }
    if (constraints.less_than) {
        greatest = std::min(greatest, beside(as_double(*constraints.less_than), -infinity));
    }
    if (std::isinf(least)) {
        least = std::isinf(greatest) ? 0.0 : greatest - static_cast<double>(window);
    }
    if (std::isinf(greatest)) {
        greatest = least + static_cast<double>(window);
    }
    const double share = random.fraction();
    const double number = least * (1 - share) + greatest * share;
    const double rounded = std::round(number * 100) / 100;  // two digits read better
    return std::clamp(rounded >= least && rounded <= greatest ? rounded : number, least,
                      std::max(least, greatest));
}

Value mock_duration(const Type& type, const Constraints& constraints, Random& random) {
    const double seconds = mock_floating(type_of<double>(), constraints, random);
    const double count = std::round(seconds * static_cast<double>(type.period.denominator) /
                                    static_cast<double>(type.period.numerator));
    const IntegerRange range = range_of(type);
    const double most = std::min(static_cast<double>(range.greatest), 0x1p62);
    return Value::integer(static_cast<std::int64_t>(std::clamp(count, -most, most)));
}

std::size_t mock_length(const Constraints& constraints, std::size_t usual) {
    const std::size_t least = constraints.min_length.value_or(0);
    const std::size_t most = constraints.max_length.value_or(length_max);
    return std::min(std::max(least, std::min(usual, most)), length_max);
}

std::string mock_text(const Constraints& constraints, std::size_t attempt, Random& random) {
    const std::size_t shape = constraints.pattern ? attempt % shape_count : 0;
    std::string text = shaped(shape, random);
    const std::size_t length = mock_length(constraints, text.size());
    while (text.size() < length) {
        text += constraints.pattern ? std::string{text.back()} : " " + std::string{word(random)};
    }
    text.resize(length);
    if (!constraints.pattern && text.ends_with(' ')) {
        text.back() = 'a';
    }
    return text;
}

std::string mock_path(const Type& type, const Constraints& constraints, Random& random) {
    std::string path = type.kind == Type::Kind::absolute_path ? "/" : "";
    path += word(random);
    const std::size_t length = mock_length(constraints, path.size() + 6);
    while (path.size() < length) {
        path += '/';
        path += word(random);
    }
    path.resize(std::min(length, core::path_bytes_max));
    if (path.ends_with('/') && path.size() > 1) {
        path.back() = 'a';
    }
    return path;
}

}  // namespace warren::model
