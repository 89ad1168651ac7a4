#include "model/duration.hpp"

#include "core/digit.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

namespace warren::model {
namespace {

// Room for every count of every unit in nanoseconds.
__extension__ using Wide = __int128;

constexpr Wide second_ns = 1'000'000'000;
constexpr Wide minute_ns = 60 * second_ns;
constexpr Wide hour_ns = 60 * minute_ns;
constexpr Wide day_ns = 24 * hour_ns;
constexpr Wide range_ns = 999'999'999 * day_ns;

constexpr ScalarError wrong_type{
    "time_delta_type", "Input should be a duration such as PT1M30S, or a number of seconds"};
constexpr ScalarError wrong_text{
    "time_delta_parsing",
    "Input should be a duration such as PT1M30S or P1DT2H; this text is not one"};
constexpr ScalarError out_of_range{"time_delta_range",
                                   "Input should be a duration that this field can hold"};
constexpr ScalarError too_fine{"time_delta_precision",
                               "Input should be no finer than the unit of this field"};
constexpr ScalarError not_finite{"finite_number", "Input should be a finite number of seconds"};

Wide unit_ns(const Type& type) noexcept {
    return Wide{type.period.numerator} * second_ns / type.period.denominator;
}

std::expected<std::int64_t, ScalarError> to_count(const Type& type, Wide duration_ns) noexcept {
    if (duration_ns < -range_ns || duration_ns > range_ns) {
        return std::unexpected{out_of_range};
    }
    if (duration_ns % unit_ns(type) != 0) {
        return std::unexpected{too_fine};
    }
    const Wide count = duration_ns / unit_ns(type);
    if (count < std::numeric_limits<std::int64_t>::min() ||
        count > std::numeric_limits<std::int64_t>::max() ||
        !range_of(type).contains(Value::integer(static_cast<std::int64_t>(count)))) {
        return std::unexpected{out_of_range};
    }
    return static_cast<std::int64_t>(count);
}

/// The count next to a number of seconds, when that is what the number was rounded from.
std::expected<std::int64_t, ScalarError> to_count(const Type& type, double seconds) noexcept {
    if (!std::isfinite(seconds)) {
        return std::unexpected{not_finite};
    }
    if (std::abs(seconds) > static_cast<double>(range_ns) / static_cast<double>(second_ns)) {
        return std::unexpected{out_of_range};
    }
    const auto unit = static_cast<double>(unit_ns(type)) / static_cast<double>(second_ns);
    const double count = std::round(seconds / unit);
    // What a few steps of arithmetic lose.
    constexpr double lost = 8 * std::numeric_limits<double>::epsilon();
    if (std::abs(count * unit - seconds) > lost * std::abs(seconds)) {
        return std::unexpected{too_fine};
    }
    if (std::abs(count) > 0x1p62) {
        return std::unexpected{out_of_range};
    }
    return to_count(type, static_cast<Wide>(count) * unit_ns(type));
}

/// Takes the text of a duration apart from the left.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : rest_{text} {}

    bool take(char character) noexcept {
        if (!rest_.starts_with(character)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    bool at_end() const noexcept { return rest_.empty(); }

    /// A number in nanoseconds of some unit, and the letter behind it, which must come later in the
    /// list than the one before.
    /// err  nullopt for anything else, also for a number without an end
    std::optional<Wide> part(std::string_view letters, const Wide* units_ns) noexcept {
        const std::optional<Wide> whole = digits();
        if (!whole) {
            return std::nullopt;
        }
        Wide fraction_ns = 0;
        const bool has_fraction = take('.') || take(',');
        if (has_fraction && !fraction(fraction_ns)) {
            return std::nullopt;
        }
        const std::size_t at =
            rest_.empty() ? std::string_view::npos : letters.find(rest_.front(), next_);
        if (at == std::string_view::npos || (has_fraction && units_ns[at] != second_ns)) {
            return std::nullopt;
        }
        rest_.remove_prefix(1);
        next_ = at + 1;
        return *whole * units_ns[at] + fraction_ns;
    }

    void restart() noexcept { next_ = 0; }
    /// Whether there was a digit that no nanosecond has room for.
    bool is_too_fine() const noexcept { return is_too_fine_; }

private:
    static constexpr Wide number_max = 1'000'000'000'000'000;  // in weeks still within `Wide`

    std::optional<Wide> digits() noexcept {
        if (rest_.empty() || !core::is_digit(rest_.front())) {
            return std::nullopt;
        }
        Wide number = 0;
        for (; !rest_.empty() && core::is_digit(rest_.front()); rest_.remove_prefix(1)) {
            number = number > number_max ? number : number * 10 + (rest_.front() - '0');
        }
        return number;
    }

    bool fraction(Wide& fraction_ns) noexcept {
        Wide unit = second_ns / 10;
        const std::size_t before = rest_.size();
        for (; !rest_.empty() && core::is_digit(rest_.front()); rest_.remove_prefix(1)) {
            fraction_ns += unit * (rest_.front() - '0');
            is_too_fine_ |= unit == 0 && rest_.front() != '0';
            unit /= 10;
        }
        return rest_.size() != before;
    }

    std::string_view rest_;
    std::size_t next_ = 0;
    bool is_too_fine_ = false;
};

std::expected<Wide, ScalarError> parse(std::string_view text) noexcept {
    static constexpr Wide date_units_ns[] = {7 * day_ns, day_ns};
    static constexpr Wide time_units_ns[] = {hour_ns, minute_ns, second_ns};
    Scanner scanner{text};
    const bool negative = scanner.take('-');
    if (!negative) {
        scanner.take('+');
    }
    if (!scanner.take('P') || scanner.at_end()) {
        return std::unexpected{wrong_text};
    }
    Wide duration_ns = 0;
    bool in_time = false;
    while (!scanner.at_end()) {
        if (!in_time && scanner.take('T')) {
            in_time = true;
            scanner.restart();
        }
        const std::optional<Wide> part =
            in_time ? scanner.part("HMS", time_units_ns) : scanner.part("WD", date_units_ns);
        if (!part) {
            return std::unexpected{wrong_text};
        }
        duration_ns += *part;
    }
    if (scanner.is_too_fine()) {
        return std::unexpected{too_fine};
    }
    return negative ? -duration_ns : duration_ns;
}

}  // namespace

std::expected<std::int64_t, ScalarError> to_duration(const Type& type,
                                                     const Value& value) noexcept {
    switch (value.kind()) {
    case Value::Kind::int64:
        return to_count(type, value.as_int64() * second_ns);
    case Value::Kind::uint64:
        return std::unexpected{out_of_range};
    case Value::Kind::float64:
        return to_count(type, value.as_float64());
    case Value::Kind::text: {
        if (const auto whole = to_integer(value)) {
            return to_duration(type, *whole);
        }
        if (const auto seconds = to_floating(value)) {
            return to_count(type, *seconds);
        }
        const auto duration_ns = parse(value.as_text());
        if (!duration_ns) {
            return std::unexpected{duration_ns.error()};
        }
        return to_count(type, *duration_ns);
    }
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::bytes:
    case Value::Kind::list:
    case Value::Kind::map:
        return std::unexpected{wrong_type};
    }
    return std::unexpected{wrong_type};
}

bool duration_in_range(const Type& type, std::int64_t count) noexcept {
    const Wide duration_ns = count * unit_ns(type);
    return duration_ns >= -range_ns && duration_ns <= range_ns;
}

Value seconds_of(const Type& type, std::int64_t count) noexcept {
    const Wide duration_ns = count * unit_ns(type);
    if (duration_ns % second_ns == 0 && duration_in_range(type, count)) {
        return Value::integer(static_cast<std::int64_t>(duration_ns / second_ns));
    }
    return Value::floating(static_cast<double>(duration_ns) / static_cast<double>(second_ns));
}

std::size_t format_duration(const Type& type, std::int64_t count, char* target) noexcept {
    const char* const start = target;
    const auto write = [&target](Wide number, int width, char after) {
        char digits[40];
        int size = 0;
        for (; number != 0 || size < width; number /= 10) {
            digits[size++] = static_cast<char>('0' + static_cast<int>(number % 10));
        }
        while (size > 0) {
            *target++ = digits[--size];
        }
        *target++ = after;
    };
    Wide rest_ns = count * unit_ns(type);
    if (rest_ns < 0) {
        *target++ = '-';
        rest_ns = -rest_ns;
    }
    *target++ = 'P';
    *target++ = 'T';
    const bool is_zero = rest_ns == 0;
    if (rest_ns >= hour_ns) {
        write(rest_ns / hour_ns, 1, 'H');
        rest_ns %= hour_ns;
    }
    if (rest_ns >= minute_ns) {
        write(rest_ns / minute_ns, 1, 'M');
        rest_ns %= minute_ns;
    }
    if (rest_ns == 0 && !is_zero) {
        return static_cast<std::size_t>(target - start);
    }
    Wide fraction = rest_ns % second_ns;
    if (fraction == 0) {
        write(rest_ns / second_ns, 1, 'S');
        return static_cast<std::size_t>(target - start);
    }
    write(rest_ns / second_ns, 1, '.');
    int width = 9;
    for (; fraction % 10 == 0; fraction /= 10) {
        --width;
    }
    write(fraction, width, 'S');
    return static_cast<std::size_t>(target - start);
}

}  // namespace warren::model
