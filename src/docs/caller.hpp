#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"
#include "docs/sample.hpp"

#include <string>
#include <string_view>
#include <vector>

// What a caller of a listener writes down. What the document cannot know is a placeholder, which is
// explained beside the commands: no secret is in any document.
namespace warren::docs {

bool has_need(const contract::ListenerDocument& listener, contract::CallerNeed need);
/// Whether only the process that serves it can call it.
bool is_within_process(const contract::ListenerDocument& listener);
/// Whether what is sent there is not answered.
bool is_one_way(const contract::ListenerDocument& listener);
/// The secrets that callers of a method encrypt there; none where there are no keys.
Secrets encrypted_secrets(const contract::Document& document,
                          const contract::ListenerDocument& listener,
                          const contract::MethodDocument& method);

inline constexpr std::string_view fernet_key_file = "fernet.key";
inline constexpr std::string_view auth_secret_file = "auth.secret";
inline constexpr std::string_view authority_file = "ca.crt";
inline constexpr std::string_view certificate_file = "client.crt";
inline constexpr std::string_view certificate_key_file = "client.key";

/// The listener's address, without parameters: an address that can be called from this machine
/// where it listens at all of them, and with a placeholder for a login.
std::string caller_server(const contract::ListenerDocument& listener);
/// The whole address.
std::string caller_address(const contract::ListenerDocument& listener);

struct Placeholder {
    std::string_view text;  // as it stands in the commands
    Markup meaning;
};
/// in   with_key: whether the request has secrets that are encrypted
std::vector<Placeholder> placeholders_of(const contract::ListenerDocument& listener, bool with_key);

}  // namespace warren::docs
