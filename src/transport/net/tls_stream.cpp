#include "transport/net/tls_stream.hpp"

#include "transport/net/certificate_file.hpp"
#include "transport/net/tls_bio.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace warren::transport {
namespace {

using boost::system::error_code;

/// Where a stream keeps its memory for the function that OpenSSL calls.
int memory_index() noexcept {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int keep_session(SSL* ssl, SSL_SESSION* session) noexcept {
    auto* const memory = static_cast<TlsMemory*>(SSL_get_ex_data(ssl, memory_index()));
    if (memory == nullptr) {
        return 0;
    }
    memory->put(session);
    return 1;
}

/// out  empty without exactly one common name
std::string common_name(const X509_NAME* subject) {
    const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (place < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, place) >= 0) {
        return {};
    }
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
    if (size < 0) {
        return {};
    }
    std::string name{reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
    OPENSSL_free(text);
    return name.contains('\0') ? std::string{} : name;
}

std::string whole_subject(const X509_NAME* subject) {
    BIO* const bio = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(bio, subject, 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string shown{text, static_cast<std::size_t>(size)};
    BIO_free(bio);
    return shown;
}

std::string octets_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// The first of a certificate's other names that is a URI, or else a host or an e-mail address.
std::string alternative_name(const X509* certificate) {
    struct Free {
        void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
    };
    const std::unique_ptr<GENERAL_NAMES, Free> names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
    for (const int wanted : {GEN_URI, GEN_DNS, GEN_EMAIL}) {
        for (int at = 0; names != nullptr && at < sk_GENERAL_NAME_num(names.get()); ++at) {
            const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), at);
            if (name->type == wanted) {
                const std::string text = octets_of(name->d.ia5);
                return text.contains('\0') ? std::string{} : text;
            }
        }
    }
    return {};
}

}  // namespace

TlsStream::TlsStream(TcpSocket socket, SSL_CTX* context, Side side)
    : socket_{std::move(socket)}, ssl_{SSL_new(context)} {
    BIO* const bio = make_socket_bio(socket_.native_handle());
    SSL_set_bio(ssl_, bio, bio);
    if (side == Side::client) {
        SSL_set_connect_state(ssl_);
    } else {
        SSL_set_accept_state(ssl_);
    }
}

TlsStream::~TlsStream() {
    SSL_free(ssl_);
}

void TlsStream::expect_name(const std::string& name) {
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl_, name.c_str());
}

void TlsStream::expect_address(const std::string& address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), address.c_str());
}

void TlsStream::resume_from(std::shared_ptr<TlsMemory> memory) {
    memory_ = std::move(memory);
    SSL_CTX* const context = SSL_get_SSL_CTX(ssl_);
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_set_ex_data(ssl_, memory_index(), memory_.get());
    if (memory_->session() != nullptr) {
        SSL_set_session(ssl_, memory_->session());
    }
}

std::string TlsStream::peer_identity() const {
    if ((SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) == 0 ||
        SSL_get_verify_result(ssl_) != X509_V_OK) {
        return {};
    }
    const std::unique_ptr<X509, CertificateDeleter> certificate{SSL_get1_peer_certificate(ssl_)};
    if (certificate == nullptr) {
        return {};
    }
    const X509_NAME* const subject = X509_get_subject_name(certificate.get());
    if (X509_NAME_entry_count(subject) == 0) {
        return alternative_name(certificate.get());
    }
    std::string name = common_name(subject);
    return name.empty() ? whole_subject(subject) : name;
}

TlsStream::Attempt TlsStream::attempt_of(int result, std::size_t count) noexcept {
    using State = Attempt::State;
    if (result == 1) {
        return {State::done, count, {}};
    }
    switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
        return {State::wait_to_read};
    case SSL_ERROR_WANT_WRITE:
        return {State::wait_to_write};
    case SSL_ERROR_ZERO_RETURN:
        return {State::failed, 0, boost::asio::error::eof};
    case SSL_ERROR_SYSCALL:
        if (errno != 0) {
            return {State::failed, 0, error_code{errno, boost::system::system_category()}};
        }
        return {State::failed, 0, boost::asio::error::eof};
    default:
        return {
            State::failed, 0,
            error_code{static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category()}};
    }
}

/// Whether a client has greeted with what no record of TLS begins with. OpenSSL takes it for
/// SSLv2's greeting, a list of MessagePack for one of some kilobytes, and waits for all of it.
bool TlsStream::is_greeted_without_tls() noexcept {
    constexpr unsigned char sslv2_length_bit = 0x80;
    std::array<unsigned char, 4096> greeting;
    const int socket = socket_.native_handle();
    if (SSL_is_server(ssl_) != 1 || BIO_number_read(SSL_get_rbio(ssl_)) != 0 ||
        ::recv(socket, greeting.data(), 1, MSG_PEEK | MSG_DONTWAIT) != 1 ||
        (greeting[0] & sslv2_length_bit) == 0) {
        return false;
    }
    // What is closed with bytes unread is reset, and the peer does not learn why.
    (void)::recv(socket, greeting.data(), greeting.size(), MSG_DONTWAIT);
    return true;
}

TlsStream::Attempt TlsStream::try_handshake() noexcept {
    if (is_greeted_without_tls()) {
        return {Attempt::State::failed, 0,
                error_code{static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_WRONG_VERSION_NUMBER)),
                           boost::asio::error::get_ssl_category()}};
    }
    ERR_clear_error();
    errno = 0;
    return attempt_of(SSL_do_handshake(ssl_), 0);
}

TlsStream::Attempt TlsStream::try_read(std::span<std::byte> room) noexcept {
    if (read_error_) {
        return {Attempt::State::failed, 0, read_error_};
    }
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, room.data(), room.size(), &count);
    const Attempt attempt = attempt_of(result, count);
    // OpenSSL says only once why.
    read_error_ = attempt.error;
    return attempt;
}

TlsStream::Attempt TlsStream::try_write(std::span<const std::byte> bytes) noexcept {
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
    return attempt_of(result, count);
}

template <typename Continue>
void TlsStream::wait(Attempt::State state, Continue on) {
    socket_.async_wait(
        state == Attempt::State::wait_to_write ? TcpSocket::wait_write : TcpSocket::wait_read,
        std::move(on));
}

void TlsStream::shake_hands(Shaken shaken) {
    const Attempt attempt = try_handshake();
    if (attempt.state == Attempt::State::done || attempt.state == Attempt::State::failed) {
        boost::asio::post(
            socket_.get_executor(),
            [shaken = std::move(shaken), error = attempt.error]() mutable { shaken(error); });
        return;
    }
    wait(attempt.state, [this, shaken = std::move(shaken)](const error_code& error) mutable {
        if (error) {
            return shaken(error);
        }
        go_on_shaking(std::move(shaken));
    });
}

void TlsStream::go_on_shaking(Shaken shaken) {
    const Attempt attempt = try_handshake();
    if (attempt.state == Attempt::State::done || attempt.state == Attempt::State::failed) {
        return shaken(attempt.error);
    }
    wait(attempt.state, [this, shaken = std::move(shaken)](const error_code& error) mutable {
        if (error) {
            return shaken(error);
        }
        go_on_shaking(std::move(shaken));
    });
}

void TlsStream::start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) {
    if (SSL_has_pending(ssl_) == 0 && !read_error_) {
        return wait_to_read(Attempt::State::wait_to_read, room, std::move(user));
    }
    // Not inside of this call, also where the response is known.
    boost::asio::post(socket_.get_executor(), [this, room, user = std::move(user)]() mutable {
        go_on_reading(room, std::move(user));
    });
}

void TlsStream::go_on_reading(std::span<std::byte> room, std::shared_ptr<StreamUser> user) {
    const Attempt attempt = try_read(room);
    if (attempt.state == Attempt::State::failed) {
        return user->on_read(attempt.error, 0);
    }
    if (attempt.state == Attempt::State::done) {
        // A record is no unit of anything: take those that are here already, too.
        const bool more = SSL_has_pending(ssl_) != 0;
        const std::size_t since = more ? read_now(room.subspan(attempt.count)) : 0;
        return user->on_read({}, attempt.count + since);
    }
    wait_to_read(attempt.state, room, std::move(user));
}

void TlsStream::wait_to_read(Attempt::State state, std::span<std::byte> room,
                             std::shared_ptr<StreamUser> user) {
    wait(state, [this, room, user = std::move(user)](const error_code& error) mutable {
        if (error) {
            return user->on_read(error, 0);
        }
        go_on_reading(room, std::move(user));
    });
}

std::size_t TlsStream::read_now(std::span<std::byte> room) noexcept {
    std::size_t total = 0;
    while (total != room.size()) {
        const Attempt attempt = try_read(room.subspan(total));
        if (attempt.state != Attempt::State::done) {
            break;
        }
        total += attempt.count;
    }
    return total;
}

std::size_t TlsStream::write_now(std::span<const std::byte> bytes) noexcept {
    std::size_t total = 0;
    while (total != bytes.size()) {
        const Attempt attempt = try_write(bytes.subspan(total));
        if (attempt.state != Attempt::State::done) {
            break;
        }
        total += attempt.count;
    }
    return total;
}

void TlsStream::start_write(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user) {
    wait(Attempt::State::wait_to_write,
         [this, bytes, user = std::move(user)](const error_code& error) mutable {
             if (error) {
                 return user->on_written(error, 0);
             }
             go_on_writing(bytes, std::move(user));
         });
}

void TlsStream::go_on_writing(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user) {
    const Attempt attempt = try_write(bytes);
    if (attempt.state == Attempt::State::done || attempt.state == Attempt::State::failed) {
        return user->on_written(attempt.error, attempt.count);
    }
    wait(attempt.state, [this, bytes, user = std::move(user)](const error_code& error) mutable {
        if (error) {
            return user->on_written(error, 0);
        }
        go_on_writing(bytes, std::move(user));
    });
}

void TlsStream::end_output() noexcept {
    ERR_clear_error();
    if (SSL_in_init(ssl_) == 0) {
        SSL_shutdown(ssl_);
    }
    error_code ignored;
    socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void TlsStream::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace warren::transport
