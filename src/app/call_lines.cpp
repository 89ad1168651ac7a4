#include "app/call_lines.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

namespace warren::app {

std::expected<CallLines::Seen, std::string> CallLines::next() {
    const auto text = client_.get(from_ ? "/calls?after=" + std::to_string(*from_) : "/calls");
    if (!text) {
        return std::unexpected{text.error()};
    }
    const auto end_of_first = text->find('\n');
    Seen seen;
    try {
        const Dynamic head = Dynamic::from_json(text->substr(0, end_of_first));
        from_ = static_cast<std::uint64_t>(head["next"].as_int64());
        seen.missed = static_cast<std::uint64_t>(head["missed"].as_int64());
    } catch (const Error& error) {
        return std::unexpected{client_.address() + ": " + error.message()};
    }
    std::string_view rest = *text;
    rest.remove_prefix(end_of_first == std::string::npos ? rest.size() : end_of_first + 1);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        seen.lines.emplace_back(line);
        rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
    }
    return seen;
}

double duration_ms(const Dynamic& call) {
    const Value duration = call["duration_ms"];
    return duration.kind() == Value::Kind::int64 ? static_cast<double>(duration.as_int64())
                                                 : duration.as_float64();
}

bool Outages::note_answer(const void* server) {
    is_away_[server] = false;
    return true;
}

bool Outages::note_silence(const void* server, const std::string& why) {
    const auto known = is_away_.find(server);
    if (known == is_away_.end()) {
        std::fprintf(stderr, "error: %s\n", why.c_str());
        return false;
    }
    if (!std::exchange(known->second, true)) {
        std::fprintf(stderr, "warning: %s; trying again\n", why.c_str());
    }
    return true;
}

}  // namespace warren::app
