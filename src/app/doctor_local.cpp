#include "app/doctor.hpp"
#include "endpoint/server/admin_address.hpp"
#include "store/open_session.hpp"
#include "store/queue_file.hpp"

#include <arpa/inet.h>
#include <boost/asio/version.hpp>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

// What this machine has, and what of it a configuration needs.
namespace warren::app {
namespace {

constexpr std::uint64_t descriptors_few = 1024;
constexpr std::uint64_t disk_bytes_few = std::uint64_t{256} << 20;
constexpr std::uint64_t inodes_few = 1000;

void examine_descriptors(Findings& findings) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    std::error_code error;
    std::uint64_t used = 0;
    for (std::filesystem::directory_iterator at{"/proc/self/fd", error}, end; !error && at != end;
         at.increment(error)) {
        ++used;
    }
    const std::string seen = fmt::format("{} may be open, {} are", limit.rlim_cur, used);
    const bool is_full = error || limit.rlim_cur < used + 16;
    const bool is_few = limit.rlim_cur < descriptors_few;
    findings.add({.verdict = is_full  ? Verdict::failed
                             : is_few ? Verdict::warning
                                      : Verdict::ok,
                  .check = "open files",
                  .seen = seen,
                  .remedy = is_full || is_few
                                ? "raise the limit: ulimit -n, or LimitNOFILE= of the "
                                  "systemd unit"
                                : ""});
}

/// Signed requests and Fernet tokens are refused when they seem too old.
void examine_clock(Findings& findings) {
    timex state{};
    const int code = ntp_adjtime(&state);
    std::error_code error;
    const bool is_synchronized =
        (code >= 0 && code != TIME_ERROR && (state.status & STA_UNSYNC) == 0) ||
        std::filesystem::exists("/run/systemd/timesync/synchronized", error);
    findings.add({.verdict = is_synchronized ? Verdict::ok : Verdict::warning,
                  .check = "clock",
                  .seen = is_synchronized ? "synchronized" : "nothing synchronizes it",
                  .remedy = is_synchronized
                                ? ""
                                : "run systemd-timesyncd or chrony (in a container: on its host), "
                                  "since messages that are signed or encrypted have an age"});
}

void examine_libraries(Findings& findings) {
    int major = 0;
    int minor = 0;
    int patch = 0;
    zmq_version(&major, &minor, &patch);
    findings.add({.check = "libraries",
                  .seen = fmt::format("{}; SQLite {}; ZeroMQ {}.{}.{}; Asio {}.{}.{}",
                                      OpenSSL_version(OPENSSL_VERSION), sqlite3_libversion(), major,
                                      minor, patch, BOOST_ASIO_VERSION / 100000,
                                      BOOST_ASIO_VERSION / 100 % 1000, BOOST_ASIO_VERSION % 100)});
}

/// out  whether the file, or its directory where it is missing, can be written
bool examine_disk(const std::string& file, std::string_view check, Findings& findings) {
    std::error_code error;
    const bool is_there = std::filesystem::exists(file, error);
    std::string directory = std::filesystem::path{file}.parent_path().native();
    directory = directory.empty() ? "." : directory;
    const auto add = [&](Verdict verdict, std::string seen, std::string remedy) {
        findings.add({.verdict = verdict,
                      .at = file,
                      .check = std::string{check},
                      .seen = std::move(seen),
                      .remedy = std::move(remedy)});
        return verdict != Verdict::failed;
    };
    // SQLite makes files beside it.
    for (const std::string& needed : {directory, is_there ? file : directory}) {
        if (::access(needed.c_str(), R_OK | W_OK) != 0) {
            return add(Verdict::failed,
                       "'" + needed + "': " + std::generic_category().message(errno),
                       "make it, and let this user write it: as whom the server runs");
        }
    }
    struct statvfs room{};
    if (::statvfs(directory.c_str(), &room) != 0) {
        return add(Verdict::failed, std::generic_category().message(errno), "see its directory");
    }
    const std::uint64_t free_bytes = std::uint64_t{room.f_bavail} * room.f_frsize;
    const bool has_inodes = room.f_files == 0 || room.f_favail >= inodes_few;
    const bool is_fine = free_bytes >= disk_bytes_few && has_inodes;
    return add(is_fine ? Verdict::ok : Verdict::warning,
               fmt::format("{}; {} MiB of the disk are free{}",
                           is_there ? "it can be written" : "it will be made", free_bytes >> 20,
                           has_inodes ? "" : ", and few inodes"),
               is_fine ? "" : "free some of the disk, or put it on another one");
}

void examine_store(const StoreOptions& options, Findings& findings) {
    std::error_code error;
    std::expected<void, Failure> opened;
    std::string at = options.sqlite;
    if (!options.sqlite.empty()) {
        if (!examine_disk(options.sqlite, "store", findings) ||
            !std::filesystem::exists(options.sqlite, error)) {
            return;
        }
        if (const auto session = store::open_sqlite(options.sqlite); !session) {
            opened = std::unexpected{session.error()};
        }
    } else if (!options.postgresql.empty()) {
        at = "PostgreSQL";
        if (const auto session = store::open_postgresql(options.postgresql); !session) {
            opened = std::unexpected{session.error()};
        }
    } else {
        return;
    }
    findings.add(
        {.verdict = opened ? Verdict::ok : Verdict::failed,
         .at = at,
         .check = "store",
         .seen = opened ? "it opens, and has this Warren's tables" : opened.error().message,
         .remedy = opened ? "" : "see `store` of the configuration"});
}

void examine_buffer(const std::string& file, Findings& findings) {
    std::error_code error;
    if (!examine_disk(file, "buffer", findings) || !std::filesystem::exists(file, error)) {
        return;
    }
    const auto opened = store::QueueFile::open({.path = file, .must_be_whole = true});
    const bool is_held = !opened && opened.error().message.contains("another process");
    findings.add({.verdict = opened || is_held ? Verdict::ok : Verdict::failed,
                  .at = file,
                  .check = "buffer",
                  .seen = opened ? "it opens, and is whole" : opened.error().message,
                  .remedy = opened || is_held ? "" : "see `warren buffer`"});
}

/// Whether a place to listen at is free, or has a listener, perhaps of a server that runs.
void examine_place(const std::string& host, std::uint16_t port, std::string_view check,
                   Findings& findings) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* list = nullptr;
    const bool is_any = host == "*" || host.empty();
    const std::string at = fmt::format("{}:{}", host, port);
    if (::getaddrinfo(is_any ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints,
                      &list) != 0) {
        findings.add({.verdict = Verdict::failed,
                      .at = at,
                      .check = std::string{check},
                      .seen = "the name has no address",
                      .remedy = "listen at an address of this machine"});
        return;
    }
    const int socket = ::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const int error = ::bind(socket, list->ai_addr, list->ai_addrlen) == 0 ? 0 : errno;
    ::close(socket);
    ::freeaddrinfo(list);
    const bool is_taken = error == EADDRINUSE;
    findings.add({.verdict = error == 0 || is_taken ? Verdict::ok : Verdict::failed,
                  .at = at,
                  .check = std::string{check},
                  .seen = error == 0 ? "free"
                          : is_taken ? "somebody listens there: the server, if it runs"
                                     : std::generic_category().message(error),
                  .remedy = error == 0 || is_taken
                                ? ""
                                : "listen at an address and a port that this user may have"});
}

/// The same of a Unix socket.
void examine_path(const std::string& path, Findings& findings) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int error =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0
                                                                                            : errno;
    ::close(socket);
    const std::string directory = std::filesystem::path{path}.parent_path().native();
    const bool is_there = error == 0 || error == EAGAIN;
    const bool is_fine = is_there || ::access(directory.c_str(), W_OK | X_OK) == 0;
    findings.add({.verdict = is_fine ? Verdict::ok : Verdict::failed,
                  .at = path,
                  .check = "admin",
                  .seen = is_there  ? "somebody listens there: the server, if it runs"
                          : is_fine ? "free"
                                    : "its directory is missing, or cannot be written",
                  .remedy = is_fine ? ""
                                    : "make it for the user of the server: RuntimeDirectory= "
                                      "of the systemd unit"});
}

}  // namespace

void examine_machine(Findings& findings) {
    examine_descriptors(findings);
    examine_clock(findings);
    examine_libraries(findings);
}

void examine_files(const Config& config, Findings& findings) {
    examine_store(config.server.store, findings);
    for (const ProxyEntry& proxy : config.proxies) {
        if (proxy.to.buffer) {
            examine_buffer(proxy.to.buffer->file, findings);
        }
    }
    if (config.admin_socket_name.empty() && !config.server.admin_address.empty()) {
        if (const auto place = endpoint::parse_admin_address(config.server.admin_address)) {
            if (place->unix_path.empty()) {
                examine_place(place->host, place->port, "admin", findings);
            } else {
                examine_path(place->unix_path, findings);
            }
        }
    }
    const auto examine_listener = [&](const ListenerEntry& entry) {
        const auto address =
            endpoint::parse_address(entry.options.url, endpoint::AddressRole::listener);
        const auto* const tcp =
            address ? std::get_if<endpoint::TcpAddress>(&address->transport) : nullptr;
        if (tcp != nullptr && entry.socket_name.empty()) {
            for (const endpoint::HostPort& server : tcp->servers) {
                examine_place(server.host, server.port, "listen", findings);
            }
        }
    };
    std::ranges::for_each(config.listeners, examine_listener);
    std::ranges::for_each(config.proxies, examine_listener, &ProxyEntry::from);
}

}  // namespace warren::app
