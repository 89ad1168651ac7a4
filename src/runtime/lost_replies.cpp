#include "runtime/lost_replies.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::runtime {

void LostReplies::add_lost(std::string_view correlation_id, const Failure& why) {
    lost_.add();
    tell(correlation_id, "a reply reaches nobody", why);
}

void LostReplies::add_refused(std::string_view correlation_id, const Failure& why) {
    refused_.add();
    tell(correlation_id,
         "the caller is answered 'internal', if it can be, for its reply is refused", why);
}

void LostReplies::tell(std::string_view correlation_id, std::string_view what, const Failure& why) {
    if (executor_.now() >= period_end_) {
        period_end_ = executor_.now() + period;
        lines_ = 0;
    }
    const bool is_told = ++lines_ <= lines_max;
    const std::size_t untold = is_told ? std::exchange(untold_, 0) : 0;
    untold_ += is_told ? 0 : 1;
    log_.write(is_told ? LogLevel::warning : LogLevel::debug,
               fmt::format("{} (correlation id '{}'): {}: {}{}", listener_,
                           core::text_for_display(correlation_id), what, to_string(why),
                           untold == 0 ? "" : fmt::format(" (and {} before it)", untold)));
}

}  // namespace warren::runtime
