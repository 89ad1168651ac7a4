#include "transport/net/tls_memory.hpp"

#include <string>
#include <system_error>

namespace warren::transport {
namespace {

std::filesystem::file_time_type written_at(const std::string& file) {
    std::error_code ignored;
    return file.empty() ? std::filesystem::file_time_type{}
                        : std::filesystem::last_write_time(file, ignored);
}

}  // namespace

std::expected<SSL_CTX*, Failure> TlsMemory::context(const TlsOptions& options) {
    const Stamps stamps{written_at(options.ca_file), written_at(options.certificate_file),
                        written_at(options.key_file), written_at(options.key_password_file)};
    if (context_ != nullptr && stamps == stamps_) {
        return context_.get();
    }
    auto made = make_tls_context(options);
    if (!made) {
        return std::unexpected{std::move(made.error())};
    }
    forget_session();
    context_ = std::move(*made);
    stamps_ = stamps;
    return context_.get();
}

}  // namespace warren::transport
