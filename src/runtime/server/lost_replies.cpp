#include "runtime/server/lost_replies.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

namespace warren::runtime {

void LostReplies::add_lost(std::string_view correlation_id, const Failure& why) {
    lost_.add();
    report(correlation_id, "a reply reaches nobody", why);
}

void LostReplies::add_refused(std::string_view correlation_id, const Failure& why) {
    refused_.add();
    report(correlation_id,
           "the caller is answered 'internal', if it can be, for its reply is refused", why);
}

void LostReplies::report(std::string_view correlation_id, std::string_view what,
                         const Failure& why) {
    const auto more = lines_.admit(executor_.now());
    log_.write(more ? LogLevel::warning : LogLevel::debug,
               fmt::format("{} (correlation id '{}'): {}: {}{}", listener_,
                           core::text_for_display(correlation_id), what, to_string(why),
                           more.value_or("")));
}

}  // namespace warren::runtime
