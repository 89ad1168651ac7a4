#include "app/state_directory.hpp"

#include "core/percent.hpp"

namespace warren::app {
namespace {

constexpr std::size_t file_name_bytes_max = 255;       // NAME_MAX
constexpr std::string_view companion_suffix = "-wal";  // of the longest file beside it

}  // namespace

std::expected<std::filesystem::path, std::string> state_directory(const Environment& environment) {
    const auto value = [&environment](const char* name) {
        const char* const text = environment(name);
        return std::string_view{text == nullptr ? "" : text};
    };
    if (const std::string_view of_service = value("STATE_DIRECTORY"); !of_service.empty()) {
        return of_service.substr(0, of_service.find(':'));
    }
    // A relative one is to be ignored.
    if (const std::string_view home = value("XDG_STATE_HOME"); home.starts_with('/')) {
        return std::filesystem::path{home} / "warren";
    }
    if (const std::string_view home = value("HOME"); home.starts_with('/')) {
        return std::filesystem::path{home} / ".local/state/warren";
    }
    return std::unexpected{
        "a buffer needs a file: name one, or the directory for it in the environment "
        "(STATE_DIRECTORY)"};
}

std::expected<std::string, std::string> buffer_file_default(std::string_view proxy,
                                                            const Environment& environment) {
    const auto directory = state_directory(environment);
    if (!directory) {
        return std::unexpected{directory.error()};
    }
    const std::string name = core::percent_encode(proxy) + ".buffer";
    if (name.size() + companion_suffix.size() > file_name_bytes_max) {
        return std::unexpected{
            "the proxy's name is too long for that of a file: name the buffer's file"};
    }
    return (*directory / name).string();
}

}  // namespace warren::app
