#include "core/timestamp.hpp"

#include "core/digit.hpp"

#include <chrono>
#include <cmath>

namespace warren {
namespace core {
namespace {

using std::chrono::microseconds;

constexpr std::string_view outside = "the year is not between 0000 and 9999";
constexpr std::int64_t seconds_min =
    std::chrono::floor<std::chrono::seconds>(timestamp_min).time_since_epoch().count();
constexpr std::int64_t seconds_max =
    std::chrono::floor<std::chrono::seconds>(timestamp_max).time_since_epoch().count();

/// Takes a text apart from the left.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : rest_{text} {}

    /// out  -1 when there are not that many digits
    int number(std::size_t digit_count) noexcept {
        if (rest_.size() < digit_count) {
            return -1;
        }
        int number = 0;
        for (const char character : rest_.substr(0, digit_count)) {
            if (!is_digit(character)) {
                return -1;
            }
            number = number * 10 + (character - '0');
        }
        rest_.remove_prefix(digit_count);
        return number;
    }

    bool one_of(std::string_view characters) noexcept {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }
    bool at_end() const noexcept { return rest_.empty(); }

private:
    std::string_view rest_;
};

/// out  microseconds; -1 when no digit stands behind the point
std::int64_t scan_fraction(Scanner& scanner) noexcept {
    if (!scanner.one_of(".")) {
        return 0;
    }
    std::int64_t fraction_us = 0;
    std::int64_t unit_us = 100'000;
    bool any = false;
    for (int digit = scanner.number(1); digit >= 0; digit = scanner.number(1)) {
        fraction_us += digit * unit_us;
        unit_us /= 10;
        any = true;
    }
    return any ? fraction_us : -1;
}

std::expected<std::chrono::minutes, std::string_view> scan_offset(Scanner& scanner) noexcept {
    if (scanner.one_of("Zz")) {
        return std::chrono::minutes{0};
    }
    const bool west = scanner.peek() == '-';
    if (!scanner.one_of("+-")) {
        return std::unexpected{std::string_view{"there is no offset such as Z or +01:00"}};
    }
    const int hours = scanner.number(2);
    const bool colon = scanner.one_of(":");
    const int minutes = scanner.number(2);
    if (hours < 0 || !colon || minutes < 0 || hours > 23 || minutes > 59) {
        return std::unexpected{std::string_view{"the offset is not of the form +01:00"}};
    }
    const std::chrono::minutes offset{hours * 60 + minutes};
    return west ? -offset : offset;
}

/// Leap seconds are inserted at the end of a month, UTC, and count as the second that follows,
/// which is how clocks without them go on.                     [RFC 3339 section 5.7; POSIX 4.16]
bool may_be_leap_second(Timestamp counted_on) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(counted_on);
    return counted_on - day < std::chrono::seconds{1} &&
           std::chrono::year_month_day{day}.day() == std::chrono::day{1};
}

}  // namespace

std::expected<Timestamp, std::string_view> timestamp_from_seconds(std::int64_t seconds) noexcept {
    if (seconds < seconds_min || seconds > seconds_max) {
        return std::unexpected{outside};
    }
    return Timestamp{std::chrono::seconds{seconds}};
}

std::expected<Timestamp, std::string_view> timestamp_from_seconds(double seconds) noexcept {
    if (!std::isfinite(seconds)) {
        return std::unexpected{std::string_view{"the number of seconds is not finite"}};
    }
    if (seconds < static_cast<double>(seconds_min) ||
        seconds >= static_cast<double>(seconds_max) + 1) {
        return std::unexpected{outside};
    }
    // Whole seconds and the rest apart: their product with a million would lose the last digits.
    const double whole = std::floor(seconds);
    const Timestamp timestamp{
        std::chrono::seconds{static_cast<std::int64_t>(whole)} +
        microseconds{static_cast<std::int64_t>(std::llround((seconds - whole) * 1e6))}};
    if (!in_range(timestamp)) {
        return std::unexpected{outside};
    }
    return timestamp;
}

std::size_t format_timestamp(Timestamp timestamp, char* target) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(timestamp);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{timestamp - day};
    const char* const start = target;
    const auto write = [&target](std::int64_t number, int digit_count, char after) {
        for (int digit = digit_count - 1; digit >= 0; --digit) {
            target[digit] = static_cast<char>('0' + number % 10);
            number /= 10;
        }
        target += digit_count;
        *target++ = after;
    };
    write(static_cast<int>(date.year()), 4, '-');
    write(static_cast<unsigned>(date.month()), 2, '-');
    write(static_cast<unsigned>(date.day()), 2, 'T');
    write(time.hours().count(), 2, ':');
    write(time.minutes().count(), 2, ':');
    const std::int64_t fraction_us = time.subseconds().count();
    write(time.seconds().count(), 2, fraction_us == 0 ? 'Z' : '.');
    if (fraction_us != 0) {
        write(fraction_us, 6, 'Z');
    }
    return static_cast<std::size_t>(target - start);
}

}  // namespace core

Timestamp now() noexcept {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::expected<Timestamp, std::string_view> parse_timestamp(std::string_view text) noexcept {
    const auto wrong = [](std::string_view reason) { return std::unexpected{reason}; };
    core::Scanner scanner{text};
    const int year = scanner.number(4);
    const bool first_hyphen = scanner.one_of("-");
    const int month = scanner.number(2);
    const bool second_hyphen = scanner.one_of("-");
    const int day = scanner.number(2);
    if (year < 0 || month < 0 || day < 0 || !first_hyphen || !second_hyphen) {
        return wrong("the date is not of the form 2024-02-29");
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) {
        return wrong("there is no such day");
    }
    const bool separator = scanner.one_of("Tt ");
    const int hour = scanner.number(2);
    const bool first_colon = scanner.one_of(":");
    const int minute = scanner.number(2);
    const bool second_colon = scanner.one_of(":");
    const int second = scanner.number(2);
    const std::int64_t fraction_us = core::scan_fraction(scanner);
    if (!separator || hour < 0 || minute < 0 || second < 0 || !first_colon || !second_colon ||
        fraction_us < 0) {
        return wrong("the time is not of the form T23:59:59 or T23:59:59.123456");
    }
    if (hour > 23 || minute > 59 || second > 60) {
        return wrong("there is no such time of day");
    }
    const auto offset = core::scan_offset(scanner);
    if (!offset) {
        return wrong(offset.error());
    }
    if (!scanner.at_end()) {
        return wrong("something follows the offset");
    }
    const Timestamp timestamp = std::chrono::sys_days{date} + std::chrono::hours{hour} +
                                std::chrono::minutes{minute} + std::chrono::seconds{second} +
                                std::chrono::microseconds{fraction_us} - *offset;
    if (second == 60 && !core::may_be_leap_second(timestamp)) {
        return wrong("a second 60 is only at the end of a month, UTC");
    }
    if (!core::in_range(timestamp)) {
        return wrong(core::outside);
    }
    return timestamp;
}

std::string to_string(Timestamp timestamp) {
    char text[core::timestamp_text_size_max];
    return {text, core::format_timestamp(timestamp, text)};
}

}  // namespace warren
