#include "transport/net/tls_bio.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace warren::transport {
namespace {

int descriptor_of(BIO* bio) noexcept {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool is_wait(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int write_some(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) noexcept {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(descriptor_of(bio), bytes, size, MSG_NOSIGNAL);
    if (sent < 0) {
        if (is_wait(errno)) {
            BIO_set_retry_write(bio);
        }
        return 0;
    }
    *count = static_cast<std::size_t>(sent);
    return 1;
}

int read_some(BIO* bio, char* room, std::size_t size, std::size_t* count) noexcept {
    BIO_clear_retry_flags(bio);
    const ssize_t received = ::recv(descriptor_of(bio), room, size, 0);
    if (received > 0) {
        *count = static_cast<std::size_t>(received);
        return 1;
    }
    if (received == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    } else if (is_wait(errno)) {
        BIO_set_retry_read(bio);
    }
    return 0;
}

long control(BIO* bio, int command, long, void*) noexcept {
    switch (command) {
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    case BIO_CTRL_FLUSH:
        return 1;  // nothing is kept back
    default:
        return 0;
    }
}

const BIO_METHOD* socket_method() noexcept {
    struct Deleter {
        void operator()(BIO_METHOD* made) const noexcept { BIO_meth_free(made); }
    };
    static const std::unique_ptr<BIO_METHOD, Deleter> method = [] {
        std::unique_ptr<BIO_METHOD, Deleter> made{
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "warren socket")};
        BIO_meth_set_write_ex(made.get(), write_some);
        BIO_meth_set_read_ex(made.get(), read_some);
        BIO_meth_set_ctrl(made.get(), control);
        return made;
    }();
    return method.get();
}

}  // namespace

BIO* make_socket_bio(int descriptor) noexcept {
    BIO* const bio = BIO_new(socket_method());
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace warren::transport
