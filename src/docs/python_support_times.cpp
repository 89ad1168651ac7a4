#include "docs/python_support.hpp"

namespace warren::docs {

const std::string_view python_times = R"py(class Timestamp(Kind):
    label = "datetime"
    form = re.compile(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
        r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
    )

    def own(self, value):
        return is_text(value) or isinstance(value, datetime)

    def read(self, value):
        wrong = "Input should be a date and time such as 2024-02-29T23:59:59Z"
        try:
            if isinstance(value, datetime) and value.tzinfo is not None:
                return value.astimezone(timezone.utc)
            if is_text(value):
                return self.of_text(value)
            if not is_number(value):
                text = "Input should be a date and time as text, or seconds since 1970"
                raise _Problem("datetime_type", text)
            return self.of_seconds(value)
        except (OverflowError, ValueError):
            raise _Problem("datetime_parsing", wrong) from None

    def of_seconds(self, seconds):
        if isinstance(seconds, int):
            return _EPOCH + timedelta(seconds=to_integer(seconds))
        if not math.isfinite(seconds):
            raise _Problem("finite_number", "Input should be a finite number of seconds")
        whole = math.floor(seconds)
        rest = (seconds - whole) * 1e6
        micros = math.floor(rest) + (rest - math.floor(rest) >= 0.5)
        return _EPOCH + timedelta(seconds=whole, microseconds=micros)

    def of_text(self, text):
        for read in (to_integer, to_floating):
            try:
                return self.of_seconds(read(text))
            except _Problem:
                pass
        found = self.form.fullmatch(text)
        if not found:
            raise ValueError(text)
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
        if hour > 23 or int(found[9] or 0) > 23 or int(found[10] or 0) > 59 or second > 60:
            raise ValueError(text)
        micros = int((found[7] or "0")[:6].ljust(6, "0"))
        counted = datetime(year, month, day, hour, minute, min(second, 59), micros, timezone.utc)
        counted += timedelta(seconds=1) if second == 60 else timedelta(0)
        counted += offset if found[8] == "-" else -offset
        if second == 60 and (counted.day, counted.hour, counted.minute, counted.second) != (
            (1, 0, 0, 0)
        ):
            raise ValueError(text)
        return counted

    def wire(self, value):
        return value.isoformat().replace("+00:00", "Z")


class Duration(Kind):
    """A timedelta; where the unit is below a microsecond, which that has no room for, its text."""

    label = "timedelta"
    form = re.compile(
        r"([+-]?)P(?:([0-9]+)W)?(?:([0-9]+)D)?"
        r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:[.,]([0-9]+))?S)?)?"
    )

    def __init__(self, bits, numerator=1, denominator=1):
        self.unit_ns = numerator * _SECOND_NS // denominator
        self.count_max = 2 ** (bits - 1) - 1
        self.is_fine = self.unit_ns % 1000 != 0

    def own(self, value):
        return is_text(value) or isinstance(value, timedelta)

    def read(self, value):
        ns = self.ns_of(value)
        if not -_RANGE_NS <= ns <= _RANGE_NS:
            self.out_of_range()
        if ns % self.unit_ns:
            self.too_fine()
        if not -self.count_max - 1 <= ns // self.unit_ns <= self.count_max:
            self.out_of_range()
        return self.text_of(ns) if self.is_fine else timedelta(microseconds=ns // 1000)

    def out_of_range(self):
        text = "Input should be a duration that this field can hold"
        raise _Problem("time_delta_range", text)

    def too_fine(self):
        text = "Input should be no finer than the unit of this field"
        raise _Problem("time_delta_precision", text)

    def ns_of(self, value):
        if isinstance(value, timedelta):
            return value // timedelta(microseconds=1) * 1000
        if is_number(value):
            return self.ns_of_number(value)
        if not is_text(value):
            text = "Input should be a duration such as PT1M30S, or a number of seconds"
            raise _Problem("time_delta_type", text)
        for read in (to_integer, to_floating):
            try:
                number = read(value)
            except _Problem:
                continue
            return self.ns_of_number(number)
        found = self.form.fullmatch(value)
        if not found or not value[-1:].isupper() or value[-1:] in "PT":
            text = "Input should be a duration such as PT1M30S or P1DT2H; this text is not one"
            raise _Problem("time_delta_parsing", text)
        numbers = [min(int((part or "0")[:400]), 10**30) for part in found.groups()[1:6]]
        weights = (604_800, 86_400, 3_600, 60, 1)
        ns = sum(number * weight for number, weight in zip(numbers, weights)) * _SECOND_NS
        fraction = found[7] or ""
        if fraction[9:].strip("0"):
            self.too_fine()
        ns += int(fraction[:9].ljust(9, "0"))
        return -ns if found[1] == "-" else ns

    def ns_of_number(self, seconds):
        if isinstance(seconds, int):
            return seconds * _SECOND_NS if abs(seconds) < 2**63 else self.out_of_range()
        if not math.isfinite(seconds):
            raise _Problem("finite_number", "Input should be a finite number of seconds")
        if abs(seconds) > _RANGE_NS / 1e9:
            self.out_of_range()
        unit = self.unit_ns / 1e9
        count = abs(seconds / unit)
        count = math.floor(count) + (count - math.floor(count) >= 0.5)
        # What a few steps of arithmetic lose.
        if abs(count * unit - abs(seconds)) > 8 * 2.0**-52 * abs(seconds):
            self.too_fine()
        return int(math.copysign(1, seconds)) * count * self.unit_ns

    def text_of(self, ns):
        seconds, rest = divmod(abs(ns), _SECOND_NS)
        hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
        text = ("-PT" if ns < 0 else "PT") + (f"{hours}H" if hours else "")
        text += f"{minutes}M" if minutes else ""
        if seconds or rest or ns == 0:
            text += f"{seconds}.{rest:09}".rstrip("0").rstrip(".") + "S"
        return text

    def check(self, run, demand, value, at):
        ns = self.ns_of(value)
        demand.number(run, ns // _SECOND_NS if ns % _SECOND_NS == 0 else float(ns) / 1e9, at)

    def wire(self, value):
        return value if isinstance(value, str) else self.text_of(self.ns_of(value))
)py";

}  // namespace warren::docs
